import net from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import type { CallLimit } from './call-limit.ts'
import { NbdError } from './error.ts'

/** PEM texts: who signs the server's certificate, and our own certificate and key. */
export interface NbdTls {
  authority: string
  certificate: string
  key: string
  /** The name to look for in the server's certificate, when it is not the host's */
  serverName?: string
}

export type NbdAddress = { socketPath: string } | { host: string; port: number }

export function addressText(address: NbdAddress): string {
  if ('socketPath' in address) return address.socketPath
  return net.isIPv6(address.host) ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}

/** Waits until `ready` calls back or the socket fails or the limit ends, which destroys the socket. */
function awaitSocket<S extends Duplex>(
  socket: S,
  limit: CallLimit,
  explain: (cause: Error) => NbdError,
  ready: (succeed: () => void) => void,
): Promise<S> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      stopListening()
      socket.off('error', onError)
      socket.off('close', onClose)
    }
    const fail = (error: NbdError) => {
      settle()
      socket.on('error', () => {}) // what follows a failure tells nothing more
      socket.destroy()
      reject(error)
    }
    const onError = (cause: Error) => fail(explain(cause))
    const onClose = () => fail(explain(new Error('the other side closed the connection')))
    const stopListening = limit.onGiveUp(fail)
    socket.on('error', onError)
    socket.on('close', onClose)
    ready(() => {
      settle()
      resolve(socket)
    })
    if (limit.error) fail(limit.error)
  })
}

/** A byte stream to the server. Rejects with `unreachable`, or as the limit says. */
export function openSocket(address: NbdAddress, limit: CallLimit): Promise<net.Socket> {
  const socket = 'socketPath' in address ? net.connect({ path: address.socketPath }) : net.connect(address)
  socket.setNoDelay(true)
  socket.setKeepAlive(true, 10_000)
  const explain = (cause: Error) =>
    new NbdError('unreachable', limit.doing, `${addressText(address)}: ${cause.message || cause.name}`, cause)
  return awaitSocket(socket, limit, explain, (succeed) => socket.once('connect', succeed))
}

/** Secures a stream on which the server has agreed to it, with both sides showing a certificate. */
export function secureClient(
  socket: Duplex,
  credential: NbdTls,
  host: string,
  limit: CallLimit,
): Promise<tls.TLSSocket> {
  const serverName = credential.serverName ?? host
  // Node adds advice for whoever starts it.
  const explain = (cause: Error) =>
    new NbdError('tls', limit.doing, cause.message.replace(/; if the root CA .*/, ''), cause)
  let secured: tls.TLSSocket
  try {
    secured = tls.connect({
      socket,
      ca: credential.authority,
      cert: credential.certificate,
      key: credential.key,
      minVersion: 'TLSv1.2',
      ...(net.isIP(serverName) ? {} : { servername: serverName }),
      checkServerIdentity: (_host, peer) => tls.checkServerIdentity(serverName, peer),
    })
  } catch (cause) {
    throw explain(cause instanceof Error ? cause : new Error(String(cause)))
  }
  return awaitSocket(secured, limit, explain, (succeed) => secured.once('secureConnect', succeed))
}
