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
}

/** libvirt's URI for it; an IPv6 address gets its brackets. */
export function hostUri({ transport, address, user, port }: HostAddressParts): string {
  if (transport === 'unix') return 'qemu:///system'
  const trimmed = address.trim()
  const host = trimmed.includes(':') && !trimmed.startsWith('[') ? `[${trimmed}]` : trimmed
  const at = transport === 'ssh' && user.trim() ? `${user.trim()}@` : ''
  return `qemu+${transport}://${at}${host}${Number.isFinite(port) ? `:${port}` : ''}/system`
}

/** How a URI reaches its host. */
export const transportOf = (uri: string): TransportKind =>
  transports.find((transport) => uri.includes(`+${transport}:`)) ?? 'unix'

/** A host's name as its address suggests it: the first label of a name; nothing of a bare address. */
export function suggestedName({ transport, address }: Pick<HostAddressParts, 'transport' | 'address'>): string {
  if (transport === 'unix') return 'this-machine'
  const trimmed = address.trim()
  return /^[\d.]+$|:/.test(trimmed) ? '' : (trimmed.split('.')[0] ?? '')
}
