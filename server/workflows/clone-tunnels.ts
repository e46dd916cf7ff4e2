import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Db } from '#server/db.ts'
import { SkerryError, unavailable } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { OpenedPort } from '#server/hypervisor/lead.ts'
import type { NbdServer } from '#server/nbd/server.ts'
import type { HostSource } from './define.ts'

export interface CloneTunnelsOptions {
  db: Db
  hosts: HostSource
  log: Logger
  workerName: string
  /** Of the hosts' loopback; that of all workers, since any of them may come to look after a host */
  port: number
  /** Serves what clones of this host ask for, at a socket of this machine */
  serve: (socketPath: string, hostId: string) => Promise<NbdServer>
}

interface Tunnel {
  host: HypervisorHost
  port: OpenedPort
  close(): Promise<void>
}

const retry = { shortestMs: 4_000, longestMs: 20_000 }
/** How long one waits for the worker that looks after a host. */
const othersMs = 20_000
const pollMs = 200

/**
 * Hosts that are reached through ssh read what clones share from a port of their own loopback, which the worker that looks
 * after the host leads to itself by an ssh process of its own, as long as there are clones.
 */
export class CloneTunnels {
  readonly #options: CloneTunnelsOptions
  readonly #tunnels = new Map<string, Tunnel>()
  /** Those that are being made, or looked at whether they still stand: who asks meanwhile gets the same answer */
  readonly #opening = new Map<string, Promise<Tunnel>>()
  /** Those that are being given up, whose ports are not free before */
  readonly #closing = new Map<string, Promise<void>>()
  /** Those that are looked at just now */
  readonly #tended = new Set<string>()
  readonly #failed = new Map<string, { waitMs: number; nextAt: number }>()
  #isFirst = true

  constructor(options: CloneTunnelsOptions) {
    this.#options = options
  }

  /**
   * Begins to make those that are missing or were lost, and ends those that no clone needs any more. To be called again and
   * again.
   */
  async tend(now = Date.now()): Promise<void> {
    const { db, workerName, log } = this.#options
    if (this.#isFirst) await db.host.updateMany({ where: { cloneWayBy: workerName }, data: { cloneWayBy: null } })
    this.#isFirst = false
    const wanted = await db.host.findMany({
      where: {
        ...{ workerId: workerName, uri: { startsWith: 'qemu+ssh:' } },
        vms: { some: { standsOnId: { not: null } } },
      },
      select: { id: true, name: true },
    })
    const ids = wanted.map(({ id }) => id)
    for (const id of this.#tunnels.keys()) {
      if (!ids.includes(id)) this.#end(id).catch((err: unknown) => log.warn({ err }, 'giving up the way of clones'))
    }
    for (const id of this.#failed.keys()) if (!ids.includes(id)) this.#failed.delete(id)
    const idle = { workerId: workerName, id: { notIn: ids }, cloneObstacle: { not: null } }
    await db.host.updateMany({ where: idle, data: { cloneObstacle: null } })
    for (const { id, name } of wanted) {
      if (this.#tended.has(id) || (this.#failed.get(id)?.nextAt ?? 0) > now) continue
      this.#tended.add(id)
      this.#look(id)
        .catch((error: unknown) => log.warn({ host: name, err: error }, 'leading a host here for its clones'))
        .finally(() => this.#tended.delete(id))
    }
  }

  /** One that can't be reached at all is connected to by others, ever more seldom. */
  async #look(hostId: string): Promise<void> {
    const host = await this.#options.hosts.open(hostId)
    if (host.connection().state === 'connected') await this.#standing(hostId)
  }

  /** Resolves when the host can read from the worker that looks after it. @throws unavailable with what is in the way */
  async ready(hostId: string): Promise<void> {
    const { db, workerName } = this.#options
    const deadline = Date.now() + othersMs
    for (;;) {
      const row = await db.host.findUniqueOrThrow({
        where: { id: hostId },
        select: { name: true, workerId: true, cloneWayBy: true, cloneObstacle: true },
      })
      if (row.workerId === workerName) {
        await this.#standing(hostId)
        return
      }
      if (row.workerId !== null && row.cloneWayBy === row.workerId) return
      if (row.cloneObstacle !== null) throw unavailable(row.cloneObstacle, { wayOut: 'Try again when that is mended.' })
      if (Date.now() > deadline) {
        throw unavailable(`No worker leads ${row.name} to itself for its clones.`, {
          wayOut: 'Try again when the host is connected.',
        })
      }
      await delay(pollMs)
    }
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.#opening.values())
    await Promise.all([...this.#tunnels.keys()].map((id) => this.#end(id)))
    await Promise.all(this.#closing.values())
  }

  #standing(hostId: string): Promise<Tunnel> {
    const opening = this.#opening.get(hostId) ?? this.#open(hostId).finally(() => this.#opening.delete(hostId))
    this.#opening.set(hostId, opening)
    return opening
  }

  async #open(hostId: string): Promise<Tunnel> {
    await this.#closing.get(hostId)
    const host = await this.#options.hosts.open(hostId)
    const earlier = this.#tunnels.get(hostId)
    if (earlier && !earlier.port.hasEnded && earlier.host === host) return earlier
    this.#tunnels.delete(hostId)
    await earlier?.close()
    const made = await this.#make(host, hostId).catch(async (error: unknown) => {
      const { waitMs } = this.#failed.get(hostId) ?? { waitMs: retry.shortestMs }
      this.#failed.set(hostId, { waitMs: Math.min(retry.longestMs, waitMs * 2), nextAt: Date.now() + waitMs })
      await this.#tell(hostId, null, obstacleOf(error))
      throw error
    })
    this.#failed.delete(hostId)
    try {
      await this.#tell(hostId, this.#options.workerName, null)
    } catch (error) {
      await made.close()
      throw error
    }
    this.#tunnels.set(hostId, made)
    return made
  }

  async #make(host: HypervisorHost, hostId: string): Promise<Tunnel> {
    const folder = await mkdtemp(join(tmpdir(), 'skerry-clones-')) // made with mode 0700
    const socketPath = join(folder, 'socket')
    let server: NbdServer | undefined
    const end = async () => {
      await server?.close()
      await rm(folder, { recursive: true, force: true })
    }
    try {
      server = await this.#options.serve(socketPath, hostId)
      const port = await host.openPort(this.#options.port, socketPath)
      const close = async () => {
        await port.close()
        await end()
      }
      return { host, port, close }
    } catch (error) {
      await end()
      throw error
    }
  }

  /** Who asks for it again meanwhile waits until its port is free. */
  #end(hostId: string): Promise<void> {
    const tunnel = this.#tunnels.get(hostId)
    this.#tunnels.delete(hostId)
    const closing = (this.#closing.get(hostId) ?? this.#giveUp(hostId, tunnel)).finally(() =>
      this.#closing.delete(hostId),
    )
    this.#closing.set(hostId, closing)
    return closing
  }

  async #giveUp(hostId: string, tunnel: Tunnel | undefined): Promise<void> {
    const { db, workerName } = this.#options
    try {
      await db.host.updateMany({ where: { id: hostId, cloneWayBy: workerName }, data: { cloneWayBy: null } })
    } finally {
      await tunnel?.close().catch(() => {})
    }
  }

  async #tell(id: string, cloneWayBy: string | null, cloneObstacle: string | null): Promise<void> {
    await this.#options.db.host.updateMany({ where: { id }, data: { cloneWayBy, cloneObstacle } })
  }
}

/** Everybody may read it; whoever asked for the way logs what else there is to the error. */
const obstacleOf = (error: unknown) =>
  error instanceof SkerryError
    ? `${error.message} ${error.wayOut ?? ''}`
    : 'No way back from the host could be made; the log of the worker that looks after it says why.'
