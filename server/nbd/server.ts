import { chmod, stat, unlink } from 'node:fs/promises'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import { NbdError } from './error.ts'
import type { NbdExport, NbdPeer } from './export.ts'
import { ServerHandshake } from './server-handshake.ts'
import { ServerSession } from './server-session.ts'
import { secureServer } from './server-tls.ts'
import type { NbdAddress, NbdTls } from './transport.ts'
import type { WindowSize } from './window.ts'

export interface NbdServerOptions {
  /** Port 0 lets the system choose. `mode` are the permissions of the socket's file: its owner's alone by default */
  listen: { socketPath: string; mode?: number } | { host: string; port: number }
  /** Nobody is served without TLS and a certificate of this authority, when given */
  tls?: Omit<NbdTls, 'serverName'>
  /** Finds what a client asks for. Undefined: there is none, or none for this one */
  open: (name: string, peer: NbdPeer) => Promise<NbdExport | undefined> | NbdExport | undefined
  /** Names that are told to who asks for a list; without it nobody is told any */
  list?: (peer: NbdPeer) => readonly string[]
  /** Told why a connection ended that did not end in order */
  onTrouble?: (error: Error, peer: NbdPeer) => void
  limits?: Partial<ServerLimits>
}

export interface ServerLimits {
  /** Clients beyond are turned away */
  connections: number
  /** Until a client has opened an export */
  handshakeMs: number
  /** What is worked on and held at once for each client */
  window: WindowSize
}

export const usualLimits: ServerLimits = {
  connections: 64,
  handshakeMs: 10_000,
  window: { requests: 32, bytes: 32 * 2 ** 20 },
}

/** How long an ending server goes on answering what it works on. */
const graceMs = 2000

/** Serves exports to many clients at once, until closed. */
export class NbdServer {
  readonly #server: net.Server
  readonly #options: NbdServerOptions
  readonly #limits: ServerLimits
  readonly #connections = new Map<Duplex, ServerSession | undefined>()
  readonly #ends = new Set<Promise<void>>()

  private constructor(options: NbdServerOptions) {
    this.#options = options
    this.#limits = { ...usualLimits, ...options.limits }
    this.#server = net.createServer((socket) => this.#accept(socket))
  }

  /** Rejects with `unreachable` when it can't listen there. */
  static async start(options: NbdServerOptions): Promise<NbdServer> {
    const server = new NbdServer(options)
    await server.#listen()
    return server
  }

  get address(): NbdAddress {
    const { listen } = this.#options
    if ('socketPath' in listen) return { socketPath: listen.socketPath }
    const bound = this.#server.address()
    return { host: listen.host, port: bound !== null && typeof bound === 'object' ? bound.port : listen.port }
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  /** Requests that are worked on, and bytes that are held for them, of all clients. */
  get load(): WindowSize {
    const sessions = [...this.#connections.values()]
    const sum = (of: (session: ServerSession) => number) =>
      sessions.reduce((total, session) => total + (session ? of(session) : 0), 0)
    return { requests: sum((session) => session.requests), bytes: sum((session) => session.heldBytes) }
  }

  /** Ends the connections of those who have an export open. */
  async disconnect(exportName: string): Promise<void> {
    const sessions = [...this.#connections.values()].filter((session) => session?.exportName === exportName)
    await Promise.all(sessions.map((session) => session?.close(graceMs)))
  }

  /** Answers what is being worked on, for a while, and ends everything. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const [socket, session] of this.#connections) {
      if (session) void session.close(graceMs)
      else socket.destroy()
    }
    await Promise.all(this.#ends)
    await closed
  }

  async #listen(): Promise<void> {
    const { listen } = this.#options
    try {
      await this.#bind()
    } catch (error) {
      if (!('socketPath' in listen) || !(await isLeftBehind(listen.socketPath))) throw this.#cannotListen(error)
      await unlink(listen.socketPath)
      await this.#bind().catch((again: unknown) => {
        throw this.#cannotListen(again)
      })
    }
    if ('socketPath' in listen) await chmod(listen.socketPath, listen.mode ?? 0o600)
  }

  #bind(): Promise<void> {
    const { listen } = this.#options
    const where = 'socketPath' in listen ? { path: listen.socketPath } : { host: listen.host, port: listen.port }
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(where, () => {
        this.#server.off('error', reject)
        this.#server.on('error', () => {}) // a connection that could not be accepted is its client's trouble
        resolve()
      })
    })
  }

  #cannotListen(cause: unknown): NbdError {
    const why = cause instanceof Error ? cause.message : String(cause)
    return new NbdError('unreachable', 'listen for NBD clients', why, cause)
  }

  #accept(socket: net.Socket): void {
    socket.on('error', () => {}) // the reader tells it
    if (this.#connections.size >= this.#limits.connections) {
      socket.destroy()
      return
    }
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 10_000)
    this.#connections.set(socket, undefined)
    const end = this.#serve(socket).finally(() => {
      socket.destroy()
      this.#connections.delete(socket)
      this.#ends.delete(end)
    })
    this.#ends.add(end)
  }

  async #serve(socket: net.Socket): Promise<void> {
    const { tls, open, list } = this.#options
    const peer: NbdPeer = { address: socket.remoteAddress ?? null, commonName: null, fingerprint: null }
    const secure = tls && ((plain: Duplex) => secureServer(plain, tls, peer))
    const handshake = new ServerHandshake(socket, peer, { open, list, secure })
    const timer = setTimeout(() => socket.destroy(), this.#limits.handshakeMs)
    try {
      const opened = await handshake.run().finally(() => clearTimeout(timer))
      if (!opened) {
        await new Promise<void>((resolve) => handshake.socket.end(() => resolve()))
        return
      }
      const session = new ServerSession(handshake.socket, handshake.reader, opened, this.#limits.window)
      this.#connections.set(socket, session)
      await session.run()
    } catch (error) {
      this.#options.onTrouble?.(error instanceof Error ? error : new Error(String(error)), handshake.peer)
    }
  }
}

/** Whether a socket's file is there to which nobody listens any more, as after a crash. */
async function isLeftBehind(path: string): Promise<boolean> {
  const file = await stat(path).catch(() => undefined)
  if (!file?.isSocket()) return false
  return new Promise((resolve) => {
    const probe = net.connect({ path }, () => {
      probe.destroy()
      resolve(false)
    })
    probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
  })
}
