import { invalid } from '../../errors.ts'
import { type Transport, unixTransport } from '../../libvirt/transport/socket.ts'
import { type SshTarget, sshTransport } from '../../libvirt/transport/ssh.ts'
import { tlsTransport } from '../../libvirt/transport/tls.ts'
import type { HostAddress } from '../driver.ts'
import { namelessFile } from './nameless-file.ts'

export interface Route {
  transport: Transport
  /** What the daemon shall open, e.g. qemu:///system */
  uri: string
  /** Names the host in messages, which everybody may read: never by its address. */
  label: string
  /** How to get at the host's other sockets: on this machine, or as its ssh does; undefined where there is no way. */
  sockets?: 'here' | SshTarget
  /** Gives back what the transport needed; call it after the last connection. */
  dispose(): void
}

const defaultSocket = '/var/run/libvirt/libvirt-sock'

/**
 * Finds the way that a URI names: qemu:///system, qemu+tls://host/system, qemu+ssh://user@host/system, or
 * test:///default?socket=PATH. @throws invalid when it is none of these, or a credential it needs is missing
 */
export function routeTo(address: HostAddress): Route {
  const { url, host, user } = parse(address.uri)
  const [driver = '', carrier = url.hostname ? 'tls' : 'unix'] = url.protocol.slice(0, -1).split('+')
  if (driver !== 'qemu' && driver !== 'test') {
    throw invalid(`The address names the hypervisor “${driver}”; only QEMU is supported.`, wayOut)
  }
  const label = address.name ?? 'the host'
  const port = url.port ? Number(url.port) : undefined
  const socketPath = url.searchParams.get('socket') ?? undefined
  const route = (transport: Transport, more: Partial<Route> = {}): Route => ({
    transport,
    uri: `${driver}://${url.pathname || '/system'}`,
    label,
    dispose: () => {},
    ...more,
  })
  if (carrier === 'unix') return route(unixTransport(socketPath ?? defaultSocket), { sockets: 'here' })
  if (!host) throw invalid('The address names no host.', wayOut)
  if (carrier === 'tls') {
    const tls = address.credential?.tls
    if (!tls) {
      throw invalid('A host that is reached over TLS needs a certificate.', {
        field: 'credential',
        wayOut: "Give the authority's certificate, a client certificate and its key.",
      })
    }
    const serverName = url.searchParams.get('server-name') ?? undefined
    return route(
      tlsTransport({ host, port, ca: tls.authority, certificate: tls.certificate, key: tls.key, serverName }),
    )
  }
  if (carrier === 'ssh') {
    const files = credentialFiles(address.credential?.ssh)
    const target = { host, port, user, ...files?.paths }
    const dispose = files?.remove ?? (() => {})
    return route(sshTransport({ ...target, socketPath }), { sockets: target, dispose })
  }
  throw invalid(`The address asks for the way “${carrier}”, which is not supported.`, wayOut)
}

const wayOut = {
  field: 'uri',
  wayOut: 'Use qemu:///system, qemu+tls://HOST/system or qemu+ssh://USER@HOST/system.',
}

/** The parts of an address, of which the account and the host may be encoded. */
function parse(uri: string): { url: URL; host: string; user: string | undefined } {
  try {
    const url = new URL(uri)
    const host = decodeURIComponent(url.hostname).replace(/^\[|\]$/g, '')
    return { url, host, user: url.username ? decodeURIComponent(url.username) : undefined }
  } catch (cause) {
    throw invalid('This is no address of a hypervisor.', { ...wayOut, detail: uri, cause })
  }
}

/** ssh takes keys from files only: these have no name, so that nothing is left of them however this process ends. */
function credentialFiles(ssh: { key: string; knownHosts: string } | undefined) {
  if (!ssh) return undefined
  const endLine = (text: string) => (text.endsWith('\n') ? text : `${text}\n`)
  const [key, knownHosts] = [namelessFile(endLine(ssh.key)), namelessFile(endLine(ssh.knownHosts))]
  return {
    paths: { identityFile: key.path, knownHostsFile: knownHosts.path },
    remove() {
      key.close()
      knownHosts.close()
    },
  }
}
