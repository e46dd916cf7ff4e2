import { createHash } from 'node:crypto'
import net from 'node:net'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { cloneExportName, isCloneExportName, readCloneExportName } from '#server/core/clone-export.ts'
import type { Db } from '#server/db.ts'
import { unsupported } from '#server/errors.ts'
import type { BackingAddress } from '#server/hypervisor/backing.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { NbdExport } from '#server/nbd/export.ts'
import { NbdServer, type NbdServerOptions } from '#server/nbd/server.ts'
import { type CloneCertificate, nameToExpect, readCloneCertificate } from './clone-certificate.ts'
import { cloneExport } from './clone-export.ts'
import { ClonePoints, standOf } from './clone-points.ts'
import { CloneTunnels } from './clone-tunnels.ts'
import type { HostSource } from './define.ts'
import type { Repositories } from './repositories.ts'

export interface CloneExportsOptions {
  db: Db
  repositories: Repositories
  /** Leads hosts that are reached through ssh to this worker */
  hosts: HostSource
  log: Logger
  /** SKERRY_KEY */
  keys: string
  workerName: string
  /** Of this worker alone: what was read in archive stores is kept there for a while */
  cacheFolder: string
  port: number
  /** Under which hosts reach this worker; its own on the way to them when absent */
  address?: string | undefined
  certificateFolder?: string | undefined
}

/** Every clone of every host may read at once. */
const limits = { connections: 4096, window: { requests: 32, bytes: 16 * 2 ** 20 } }
const libvirtTlsPort = 16514
const probeMs = 5_000

/**
 * Serves what clones share with recovery points to their hosts. A name says by itself what it is of, so nothing is kept
 * of what is served: a worker that starts again, or another one at the same address, goes on at once.
 */
export class CloneExports {
  readonly #options: CloneExportsOptions
  readonly #points: ClonePoints
  readonly #tunnels: CloneTunnels
  #overTls: NbdServer | undefined
  #local: NbdServer | undefined
  #certificate: CloneCertificate | undefined
  #obstacle: string | null = 'The worker has just started: try again in a moment.'

  constructor(options: CloneExportsOptions) {
    this.#options = options
    this.#points = new ClonePoints({ ...options, cacheFolder: join(options.cacheFolder, 'clones') })
    this.#tunnels = new CloneTunnels({
      ...options,
      serve: (socketPath, hostId) => this.#serve({ listen: { socketPath } }, hostId),
    })
  }

  /**
   * Listens where it does not yet, closes recovery points that nothing stands on any more, and writes down for web what
   * is in the way. To be called again and again: another worker of this machine may have the port until it ends.
   */
  async tend(): Promise<void> {
    const { db, workerName } = this.#options
    await this.#listen()
    await this.#tunnels.tend()
    await this.#points.closeUnused()
    await db.$executeRaw`UPDATE worker SET clone_obstacle = ${this.#obstacle}
      WHERE id = ${workerName} AND clone_obstacle IS DISTINCT FROM ${this.#obstacle}`
  }

  async stop(): Promise<void> {
    await Promise.all([this.#overTls?.close(), this.#local?.close(), this.#tunnels.stop()])
    await this.#points.close()
  }

  exportName(disk: { tenantId: string | null; vmUuid: string; target: string; recoveryPointId: string }): string {
    return cloneExportName(this.#options.keys, disk)
  }

  /** @throws unsupported or unavailable where a host can't read from here */
  async addressFor(hostId: string, { address }: Pick<HypervisorHost, 'address'>): Promise<BackingAddress> {
    const { uri, name = 'the host' } = address
    const url = new URL(uri)
    if (!url.hostname) return this.#localAddress()
    if (url.protocol.endsWith('+ssh:')) {
      await this.#tunnels.ready(hostId)
      return { loopbackPort: this.#options.port }
    }
    await this.#listen()
    if (this.#obstacle !== null || !this.#certificate) {
      throw unsupported(`Clones can’t run on ${name}. ${this.#obstacle}`, 'Restore it as a new VM meanwhile.')
    }
    const hostName = url.hostname.replace(/^\[|\]$/g, '')
    const { address: given, port } = this.#options
    const host = given ?? (await ownAddressTo(hostName, Number(url.port) || libvirtTlsPort))
    const expected = nameToExpect(this.#certificate.certificate, host)
    if (expected === undefined) {
      throw unsupported(
        `Clones can’t run on ${name}: the worker’s certificate names neither ${host} nor any other name.`,
        'Issue it with a name, or with the address under which hosts reach the worker.',
      )
    }
    return { host, port, tlsName: expected }
  }

  async #localAddress(): Promise<BackingAddress> {
    const own = createHash('sha256').update(this.#options.workerName).digest('hex').slice(0, 12)
    const socketPath = `/var/lib/libvirt/qemu/skerry-clones-${own}.sock`
    // The host's QEMU is another user's; who knows no name is served nothing.
    this.#local ??= await this.#serve({ listen: { socketPath, mode: 0o666 } })
    return { socketPath }
  }

  async #listen(): Promise<void> {
    const { certificateFolder, port, log, db } = this.#options
    const onThisMachine = { standsOnId: { not: null }, host: { uri: { startsWith: 'qemu:///' } } }
    if (!this.#local && (await db.vm.count({ where: onThisMachine })) > 0) {
      await this.#localAddress().catch((error: unknown) => log.warn({ err: error }, 'clones of this machine'))
    }
    if (this.#overTls) return
    const certificate = await readCloneCertificate(certificateFolder)
    if (typeof certificate === 'string') {
      this.#obstacle = certificate
      return
    }
    try {
      const at = (host: string) => this.#serve({ listen: { host, port }, tls: certificate })
      // Where this machine has no IPv6 the first can't be.
      this.#overTls = await at('::').catch(() => at('0.0.0.0'))
      this.#certificate = certificate
      this.#obstacle = null
    } catch {
      this.#obstacle = `The worker can’t listen at its port ${port}: another program has it.`
    }
  }

  /** @param hostId whose clones alone are served there */
  #serve(where: Pick<NbdServerOptions, 'listen' | 'tls'>, hostId?: string): Promise<NbdServer> {
    return NbdServer.start({
      ...{ ...where, limits },
      open: (name) => this.#open(name, hostId),
      onTrouble: (error, { address }) => this.#options.log.debug({ err: error, address }, 'a reader of a clone'),
    })
  }

  async #open(name: string, hostId?: string): Promise<NbdExport | undefined> {
    const { db, keys } = this.#options
    const asked = readCloneExportName(name)
    if (!asked) return undefined
    const stand = await standOf(db, asked.vmUuid)
    if (!stand || (hostId !== undefined && stand.hostId !== hostId)) return undefined
    const { recoveryPointId, tenantId } = stand
    if (!isCloneExportName(keys, { ...asked, tenantId, recoveryPointId }, name)) return undefined
    const { point } = await this.#points.open(stand)
    return cloneExport(point.description, asked.target, this.#points.sourceOf(stand))
  }
}

/** This machine's own address on its way to a host. */
function ownAddressTo(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, timeout: probeMs })
    const fail = () => {
      socket.destroy()
      reject(unsupported(`The way to ${host} could not be found out.`, 'Set SKERRY_EXPORT_ADDRESS.'))
    }
    socket.once('error', fail)
    socket.once('timeout', fail)
    socket.once('connect', () => {
      const { localAddress } = socket
      socket.destroy()
      if (localAddress) resolve(localAddress.replace(/^::ffff:/, ''))
      else fail()
    })
  })
}
