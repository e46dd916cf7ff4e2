import type { BackupExports, BackupPlan } from '#server/hypervisor/backup-plan.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { ConnectOptions } from '#server/nbd/connect.ts'
import { NbdError } from '#server/nbd/error.ts'
import { withDisksOf } from './host-disks.ts'
import { Cancelled } from './pause.ts'

/** How a worker gets at the disks that a host exports. */
export interface BackupRoute {
  /** Where the host shall offer them */
  listen: BackupPlan['listen']
  /** Runs `work` with how to connect there, as often as it likes. What leads there ends with it. */
  reach<T>(
    address: BackupExports['address'],
    signal: AbortSignal,
    work: (connect: ConnectOptions) => Promise<T>,
  ): Promise<T>
}

/**
 * With TLS the disks come encrypted, and only to who has the certificate that also opens libvirt. On the worker's own
 * machine they come through a socket, and through ssh from a socket over there.
 */
export function backupRoute(host: HypervisorHost): BackupRoute {
  const { uri, credential } = host.address
  const { hostname, protocol } = new URL(uri)
  const { listen, reach }: BackupRoute =
    hostname && !protocol.endsWith('+ssh:')
      ? tlsRoute(hostname.replace(/^\[|\]$/g, ''), credential?.tls)
      : socketRoute(host)
  return { listen, reach: (at, signal, work) => withDisksOf(host, () => reach(at, signal, work)) }
}

function tlsRoute(host: string, tls: NonNullable<HypervisorHost['address']['credential']>['tls']): BackupRoute {
  if (!tls) throw new Error('a host that is reached over TLS has a certificate')
  const { authority, certificate, key } = tls
  return {
    listen: { host, tls: true },
    reach: async (at, _signal, work) => {
      if (!('port' in at)) throw new Error('the host offers a socket, not a port')
      return work({ host, port: at.port, tls: { authority, certificate, key } })
    },
  }
}

function socketRoute(host: HypervisorHost): BackupRoute {
  return {
    listen: 'socket',
    async reach(at, signal, work) {
      if (!('socketPath' in at)) throw new Error('the host offers a port, not a socket')
      const socket = await host.reachSocket(at.socketPath, { signal }).catch((error: unknown) => {
        throw signal.aborted ? new Cancelled() : error
      })
      try {
        return await work({ socketPath: socket.path })
      } catch (error) {
        throw (error instanceof NbdError && (await socket.trouble())) || error
      } finally {
        await socket.close()
      }
    },
  }
}
