export const transports = ['tls', 'ssh', 'unix'] as const
export type TransportKind = (typeof transports)[number]

/** The parts of a host's address as a person types them. */
export interface HostAddressParts {
  transport: TransportKind
  address: string
  /** ssh only */
  user: string
  /** NaN: the transport's own */
  port: number
  /** Of libvirt on the host itself, for unix and ssh; empty: the usual one */
  socketPath: string
  /** tls only: the name in its certificate, where that is not its address */
  serverName: string
}

/** libvirt's URI for it; an IPv6 address gets its brackets. */
export function hostUri({ transport, address, user, port, socketPath, serverName }: HostAddressParts): string {
  const options = new URLSearchParams()
  if (transport !== 'tls' && socketPath.trim()) options.set('socket', socketPath.trim())
  if (transport === 'tls' && serverName.trim()) options.set('server-name', serverName.trim())
  // A socket's path is easier to read as it is, and libvirt reads it either way.
  const query = options.size > 0 ? `?${options.toString().replaceAll('%2F', '/')}` : ''
  if (transport === 'unix') return `qemu:///system${query}`
  const trimmed = address.trim()
  const host = trimmed.includes(':') && !trimmed.startsWith('[') ? `[${trimmed}]` : trimmed
  const at = transport === 'ssh' && user.trim() ? `${encodeURIComponent(user.trim())}@` : ''
  return `qemu+${transport}://${at}${host}${Number.isFinite(port) ? `:${port}` : ''}/system${query}`
}

const shape =
  /^([a-z]+)(?:\+([a-z]+))?:\/\/(?:([^@/?]*)@)?(\[[^\]]*\]|[^:/?#[\]]*)(?::(\d+))?(\/[^?#]*)?(?:\?([^#]*))?$/i
const optionOf: Record<TransportKind, string> = { tls: 'server-name', ssh: 'socket', unix: 'socket' }

/** The parts that a pasted URI names, or what is wrong with it. */
export function partsOf(uri: string): HostAddressParts | { problem: string } {
  const found = shape.exec(uri.trim())
  if (!found) {
    return { problem: 'Not a libvirt URI: qemu:///system, qemu+tls://host/system or qemu+ssh://user@host/system.' }
  }
  const [, driver = '', given, user = '', host = '', port, path = '', query = ''] = found
  const address = host.replace(/^\[|\]$/g, '')
  if (driver.toLowerCase() !== 'qemu')
    return { problem: `It names the hypervisor “${driver}”; Skerry runs QEMU alone.` }
  const carrier = given?.toLowerCase() ?? (address ? 'tls' : 'unix')
  const transport = transports.find((known) => known === carrier)
  if (!transport) return { problem: `Skerry does not go by “${given}”: use tls, ssh, or this machine’s socket.` }
  if (transport === 'unix' && address)
    return { problem: `It names ${address}, but this machine’s socket: use tls or ssh.` }
  if (transport !== 'unix' && !address) return { problem: 'It names no host after the two slashes.' }
  if (path !== '' && path !== '/system') return { problem: `It asks for ${path}; Skerry manages /system.` }
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65535)) return { problem: `${port} is no port.` }
  const account = transport === 'ssh' ? decoded(user) : ''
  if (account === undefined)
    return { problem: `The account “${user}” has a % that stands for no letter: write it %25.` }
  const options = new URLSearchParams(query)
  const unknown = [...options.keys()].find((name) => name !== optionOf[transport])
  if (unknown) return { problem: `Skerry does not know the option “${unknown}” there: leave it out.` }
  return {
    ...{ transport, address, user: account },
    port: port === undefined ? Number.NaN : Number(port),
    ...{ socketPath: options.get('socket') ?? '', serverName: options.get('server-name') ?? '' },
  }
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}

/** What is wrong with a URI, or undefined. */
export function uriProblem(uri: string): string | undefined {
  const parts = partsOf(uri)
  return 'problem' in parts ? parts.problem : undefined
}

/** The same of the address for migrations, at which other hosts must find it; empty: none is given. */
export function migrationUriProblem(uri: string): string | undefined {
  if (uri.trim() === '') return undefined
  const parts = partsOf(uri)
  if ('problem' in parts) return parts.problem
  return parts.transport === 'unix' ? 'No other host can reach a socket on this machine: use tls or ssh.' : undefined
}

/** How a URI reaches its host. */
export function transportOf(uri: string): TransportKind {
  const parts = partsOf(uri)
  return 'problem' in parts ? 'unix' : parts.transport
}

/** A host's name as its address suggests it: the first label of a name; nothing of a bare address. */
export function suggestedName({ transport, address }: Pick<HostAddressParts, 'transport' | 'address'>): string {
  if (transport === 'unix') return 'this-machine'
  const trimmed = address.trim()
  return /^[\d.]+$|:/.test(trimmed) ? '' : (trimmed.split('.')[0] ?? '')
}
