import { unsupported } from '../../errors.ts'
import { openPort } from '../../libvirt/transport/ssh.ts'
import type { HypervisorHost } from '../driver.ts'
import type { Route } from './address.ts'
import { explainConnection } from './connection-error.ts'

const usualTimeoutMs = 15_000

/** Ports of a host that lead here. */
export function openPortVerbs({ sockets, label }: Route): Pick<HypervisorHost, 'openPort'> {
  return {
    async openPort(port, socketPath, { timeoutMs = usualTimeoutMs, signal } = {}) {
      if (!sockets || sockets === 'here') {
        throw unsupported(`No port of ${label} can lead here.`, 'Change its address to one over ssh.')
      }
      const tunnel = await openPort(sockets, { port, socketPath }, { timeoutMs, signal }).catch((error: unknown) => {
        throw explainConnection(error, label)
      })
      return {
        get hasEnded() {
          return tunnel.hasEnded
        },
        close: () => tunnel.stop(),
      }
    },
  }
}
