import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { NbdError } from './error.ts'
import type { NbdPeer } from './export.ts'
import type { NbdTls } from './transport.ts'

const handshakeMs = 10_000
const doing = 'agree on TLS with a client'

/** Secures a stream on which a client asked for it; the client must show a certificate of our authority. */
export function secureServer(
  plain: Duplex,
  { authority, certificate, key }: Omit<NbdTls, 'serverName'>,
  { address }: NbdPeer,
): Promise<{ socket: Duplex; peer: NbdPeer }> {
  return new Promise((resolve, reject) => {
    // A server of its own for each: only so is it plain which stream became which.
    const server = tls.createServer({
      ca: authority,
      cert: certificate,
      key,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      handshakeTimeout: handshakeMs,
    })
    const refuse = (cause?: Error) => reject(new NbdError('tls', doing, cause?.message ?? 'the client left', cause))
    plain.once('close', () => refuse())
    server.once('tlsClientError', (cause) => {
      plain.destroy()
      refuse(cause)
    })
    server.once('secureConnection', (socket) => {
      socket.on('error', () => {}) // the reader tells it
      const { subject, fingerprint256 } = socket.getPeerCertificate()
      resolve({
        socket,
        peer: {
          address,
          commonName: typeof subject?.CN === 'string' ? subject.CN : null,
          fingerprint: fingerprint256?.replaceAll(':', '').toLowerCase() ?? null,
        },
      })
    })
    server.emit('connection', plain)
  })
}
