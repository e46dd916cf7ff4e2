import { unsupported } from '#server/errors.ts'
import type { BackupExports, BackupPlan } from '#server/hypervisor/backup-plan.ts'
import type { HostAddress } from '#server/hypervisor/driver.ts'
import type { ConnectOptions } from '#server/nbd/connect.ts'

/** How a worker reads the disks that a host exports: where the host shall offer them, and how to connect there. */
export interface BackupRoute {
  listen: BackupPlan['listen']
  connect(address: BackupExports['address']): ConnectOptions
}

/**
 * With TLS the disks come encrypted, and only to who has the certificate that also opens libvirt. On the worker's own
 * machine they come through a socket.
 * @throws unsupported for a host that is reached another way
 */
export function backupRoute(address: HostAddress, hostName: string, operationId: string): BackupRoute {
  const url = new URL(address.uri)
  const tls = address.credential?.tls
  if (url.protocol.endsWith('+tls:') && tls) {
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const { authority, certificate, key } = tls
    return {
      listen: { host, tls: true },
      connect: (at) => {
        if (!('port' in at)) throw new Error('the host offers a socket, not a port')
        return { host, port: at.port, tls: { authority, certificate, key } }
      },
    }
  }
  if (!url.hostname) {
    const socketPath = `/var/lib/libvirt/qemu/skerry-${operationId}.sock`
    return { listen: { socketPath }, connect: () => ({ socketPath }) }
  }
  throw unsupported(
    `Disks of VMs on ${hostName} can’t be read: it is reached through ssh, which carries no disks yet.`,
    'Give the host a TLS certificate and change its address to qemu+tls.',
  )
}
