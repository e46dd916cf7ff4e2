import { TransportError } from './error.ts'

/** How a connection URI says to reach a daemon, and what to open there. */
export type Address = { readonly driverUri: string } & (
  | { readonly kind: 'unix'; readonly socketPath: string }
  | { readonly kind: 'tls'; readonly host: string; readonly port: number | undefined }
  | {
      readonly kind: 'ssh'
      readonly host: string
      readonly port: number | undefined
      readonly user: string | undefined
      readonly socketPath: string | undefined
      readonly identityFile: string | undefined
    }
)

const defaultSocketPath = '/run/libvirt/libvirt-sock'

/**
 * Reads libvirt's connection URIs: `qemu:///system`, `qemu+unix:///system?socket=PATH`, `qemu+tls://HOST[:PORT]/system`
 * (a URI with a host and no transport is TLS too) and `qemu+ssh://[USER@]HOST[:PORT]/system[?socket=PATH&keyfile=PATH]`.
 * Throws TransportError 'invalid-address' saying what is wrong.
 */
export function parseUri(uri: string): Address {
  const fail = (what: string) => new TransportError('invalid-address', `'${uri}' ${what}`)
  const match = /^([a-z]+)(?:\+([a-z0-9]+))?:\/\/([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?$/i.exec(uri.trim())
  if (!match) throw fail('is no connection URI such as qemu:///system')
  const [, driver = '', named, authority = '', path = '', query = ''] = match
  const kind = named ?? (authority === '' ? 'unix' : 'tls')
  const extra = new URLSearchParams(query)
  const driverUri = `${driver}://${path || '/'}`
  const socketPath = extra.get('socket') ?? undefined
  if (kind === 'unix') {
    if (authority !== '') throw fail('names a host, which a socket on this machine has not')
    return { kind, driverUri, socketPath: socketPath ?? defaultSocketPath }
  }
  if (kind !== 'tls' && kind !== 'ssh') throw fail(`asks for the transport '${kind}': use unix, tls or ssh`)
  const place = /^(?:([^@]*)@)?(\[[0-9a-f:.%]+\]|[^:@]+)(?::(\d{1,5}))?$/i.exec(authority)
  if (!place) throw fail('names no host')
  const [, user, bracketed = '', digits] = place
  const host = bracketed.replace(/^\[|\]$/g, '')
  const port = digits === undefined ? undefined : Number(digits)
  if (port !== undefined && (port < 1 || port > 65535)) throw fail('has a port that can not be')
  if (kind === 'tls') return { kind, driverUri, host, port }
  return {
    kind,
    driverUri,
    host,
    port,
    user: user ? decodeURIComponent(user) : undefined,
    socketPath,
    identityFile: extra.get('keyfile') ?? undefined,
  }
}
