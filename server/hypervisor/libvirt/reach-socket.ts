import { once } from 'node:events'
import net from 'node:net'
import { SkerryError, unsupported } from '../../errors.ts'
import type { TransportError } from '../../libvirt/error.ts'
import { openTunnel, type SshTarget, troubleOf } from '../../libvirt/transport/ssh.ts'
import type { CallOptions, HypervisorHost } from '../driver.ts'
import type { ReachedSocket } from '../lead.ts'
import type { Route } from './address.ts'
import { explainConnection } from './connection-error.ts'

const usualTimeoutMs = 15_000

/** Sockets of a host beside libvirt's own. */
export function reachSocketVerbs({ sockets, label }: Route): Pick<HypervisorHost, 'reachSocket'> {
  return {
    async reachSocket(path, options = {}) {
      if (sockets === 'here') return { path, trouble: () => troubleHere(path, label), close: async () => {} }
      if (sockets) return throughSsh(sockets, path, label, options)
      throw unsupported(`No way leads to sockets of ${label}.`, 'Change its address to one over ssh.')
    },
  }
}

async function troubleHere(path: string, label: string): Promise<SkerryError | undefined> {
  const socket = net.connect({ path })
  try {
    await once(socket, 'connect')
    return undefined
  } catch (error) {
    if (!isRefused(error)) return undefined
    return cantOpen(error, `The worker’s account can’t open the socket of QEMU on ${label}.`, 'Run the worker as root')
  } finally {
    socket.destroy()
  }
}

const isRefused = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM')

async function throughSsh(
  host: SshTarget,
  path: string,
  label: string,
  { timeoutMs = usualTimeoutMs, signal }: CallOptions,
): Promise<ReachedSocket> {
  const target = { ...host, socketPath: path }
  const tunnel = await openTunnel(target, { timeoutMs, signal }).catch((error: unknown) => {
    throw explainConnection(error, label)
  })
  return {
    path: tunnel.socketPath,
    async trouble() {
      const found = await troubleOf(target, tunnel)
      return found && explainSocket(found, label)
    },
    close: () => tunnel.stop(),
  }
}

/** sshd does not tell a socket that its account may not open from one that is not there. */
function explainSocket(error: TransportError, label: string): SkerryError {
  if (error.reason !== 'socket-missing') return explainConnection(error, label)
  const message = `The account of ${label}’s ssh address can’t open the socket of QEMU there.`
  return cantOpen(error, message, 'Give the host the address of root')
}

const cantOpen = (cause: Error, message: string, becomeRoot: string) =>
  new SkerryError('forbidden', message, {
    wayOut: `${becomeRoot}, or put the account into the group that QEMU runs as there, such as libvirt-qemu, kvm or qemu; then try again.`,
    detail: cause.message,
    cause,
  })
