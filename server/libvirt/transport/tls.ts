import net from 'node:net'
import tls from 'node:tls'
import { TransportError, type TransportFailure } from '../error.ts'
import { awaitSocket, connectFailure, type Transport } from './socket.ts'

export interface TlsTarget {
  host: string
  /** 16514 unless the daemon was told otherwise. */
  port?: number | undefined
  /** PEM of the authority that signed the daemon's certificate. */
  ca: string
  /** PEM of our own certificate, which the daemon's authority must have signed, and of its key. */
  certificate: string
  key: string
  /** The name to look for in the daemon's certificate, when it is not `host`. */
  serverName?: string | undefined
}

/** Once it has checked our certificate, and not before, the daemon sends this byte. */
const accepted = 1

const certificateCodes =
  /^(ERR_TLS_CERT|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|INVALID_CA|HOSTNAME_MISMATCH|ERR_TLS_DH|PATH_LENGTH)/

function failureReason(cause: Error): TransportFailure | undefined {
  const code = 'code' in cause ? String(cause.code) : ''
  if (certificateCodes.test(code)) return 'server-certificate'
  if (/_ALERT_/.test(code)) return 'client-certificate'
  return undefined
}

/** A daemon's TLS port, with both sides showing a certificate. */
export function tlsTransport(target: TlsTarget): Transport {
  const { host, port = 16514, ca, certificate, key } = target
  const serverName = target.serverName ?? host
  const address = net.isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
  const refused = (cause?: unknown) =>
    new TransportError('client-certificate', `${address}: the daemon refuses our client certificate`, cause)
  return {
    address,
    async open(options) {
      let socket: tls.TLSSocket
      try {
        socket = tls.connect({
          host,
          port,
          ca,
          cert: certificate,
          key,
          minVersion: 'TLSv1.2',
          ...(net.isIP(serverName) ? {} : { servername: serverName }),
          checkServerIdentity: (_host, peer) => tls.checkServerIdentity(serverName, peer),
        })
      } catch (cause) {
        throw connectFailure(address, cause, 'client-certificate')
      }
      // Each write is a TLS record of its own. Of several messages in one record the daemon reads the first: what its TLS
      // library holds back wakes nobody until more comes in.
      socket._writev = undefined
      socket.setKeepAlive(true, 10_000) // streams go without pings
      return awaitSocket(socket, address, options, (succeed, fail) => {
        let secured = false
        socket.once('secureConnect', () => {
          secured = true
        })
        socket.prependOnceListener('error', (cause) => {
          const reason = failureReason(cause)
          if (reason === 'client-certificate' || (secured && reason === undefined)) fail(refused(cause))
          else fail(connectFailure(address, cause, reason))
        })
        const onEnd = () =>
          fail(secured ? refused() : connectFailure(address, new Error('closed during the handshake')))
        socket.once('end', onEnd)
        socket.once('close', onEnd)
        socket.once('readable', () => {
          const first: Buffer | null = socket.read(1)
          if (first === null) return
          socket.off('end', onEnd)
          socket.off('close', onEnd)
          if (first[0] === accepted) succeed()
          else fail(refused())
        })
      })
    },
    async close() {},
  }
}
