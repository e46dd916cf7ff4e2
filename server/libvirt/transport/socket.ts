import net from 'node:net'
import type { Duplex } from 'node:stream'
import { TransportError, type TransportFailure } from '../error.ts'

export interface OpenOptions {
  timeoutMs: number
  signal?: AbortSignal | undefined
}

/** A way to a daemon. It can be opened many times at once. */
export interface Transport {
  /** For people: where it leads. */
  readonly address: string
  /** A fresh byte stream to the daemon. Rejects with TransportError. */
  open(options: OpenOptions): Promise<Duplex>
  /** What went wrong lately beneath an open stream, when the transport knows; what it learns within a moment counts too. */
  lastTrouble?(): Promise<TransportError | undefined>
  /** Gives back what the transport holds; streams opened before may end. */
  close(): Promise<void>
}

const failureByCode: Record<string, TransportFailure> = {
  ENOENT: 'socket-missing',
  EACCES: 'socket-forbidden',
  EPERM: 'socket-forbidden',
}

/** Tells why no connection came about. `address` is for the message. */
export function connectFailure(address: string, cause: unknown, reason?: TransportFailure): TransportError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const detail = cause instanceof Error ? cause.message || code : String(cause)
  return new TransportError(reason ?? failureByCode[code] ?? 'unreachable', `${address}: ${detail}`, cause)
}

/**
 * Waits until `ready` calls back, the socket fails, the time is up or the signal fires; in every case but the first the
 * socket is destroyed.
 */
export function awaitSocket<S extends Duplex>(
  socket: S,
  address: string,
  { timeoutMs, signal }: OpenOptions,
  listen: (succeed: () => void, fail: (error: TransportError) => void) => void,
): Promise<S> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      socket.off('error', onError)
    }
    const succeed = () => {
      settle()
      resolve(socket)
    }
    const fail = (error: TransportError) => {
      settle()
      socket.on('error', () => {}) // what follows a failure tells nothing more
      socket.destroy()
      reject(error)
    }
    const onError = (cause: Error) => fail(connectFailure(address, cause))
    const onAbort = () => fail(new TransportError('aborted', `${address}: connecting was given up`, signal?.reason))
    const onTimeout = () => fail(new TransportError('timeout', `${address}: no connection in ${timeoutMs} ms`))
    const timer = setTimeout(onTimeout, timeoutMs)
    signal?.addEventListener('abort', onAbort)
    socket.on('error', onError)
    if (signal?.aborted) onAbort()
    else listen(succeed, fail)
  })
}

/** A daemon's socket on this machine. */
export function unixTransport(path: string): Transport {
  return {
    address: path,
    async open(options) {
      const socket = net.connect({ path })
      return awaitSocket(socket, path, options, (succeed) => socket.once('connect', succeed))
    },
    async close() {},
  }
}
