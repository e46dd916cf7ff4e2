import { CallAborted, CallTimeout, ConnectionLost, LibvirtError, TransportError } from './error.ts'
import type { KeepaliveOptions } from './keepalive.ts'
import { RpcConnection } from './rpc.ts'
import type { Transport } from './transport/socket.ts'

export interface ConnectOptions {
  /** Which driver, such as `qemu:///system`. */
  uri: string
  /** For everything up to the daemon's consent, from the first packet on. */
  timeoutMs: number
  signal?: AbortSignal | undefined
  /** Pings both ways. Leave it out for a bulk stream: its reader may pause the connection for long. */
  keepalive?: KeepaliveOptions | undefined
}

const authType = { none: 0, sasl: 1, polkit: 2 } as const
/** The feature by whose query a client says that it answers pings. */
const keepaliveFeature = 10

async function authenticate(
  connection: RpcConnection,
  options: { timeoutMs: number; signal?: AbortSignal | undefined },
) {
  const { types } = await connection.call('authList', {}, options)
  if (types.length === 0 || types.includes(authType.none)) return
  if (!types.includes(authType.polkit)) {
    throw new TransportError(
      'authentication',
      'the daemon wants a user name and password (SASL), which is not supported',
    )
  }
  await connection.call('authPolkit', {}, options)
}

/**
 * A connection on which the daemon has opened `uri`. Rejects with TransportError when there is no way to the daemon or
 * it does not let us in, with LibvirtError when it can't open the URI, and with CallTimeout, CallAborted or
 * ConnectionLost when it stops answering on the way. Nothing stays open then.
 */
export async function openConnection(transport: Transport, options: ConnectOptions): Promise<RpcConnection> {
  const { uri, timeoutMs, signal, keepalive } = options
  const deadline = performance.now() + timeoutMs
  const limits = () => ({ timeoutMs: Math.max(1, deadline - performance.now()), signal })
  const connection = new RpcConnection(await transport.open(limits()))
  try {
    await authenticate(connection, limits())
    if (keepalive) await connection.call('connectSupportsFeature', { feature: keepaliveFeature }, limits())
    await connection.call('connectOpen', { uri }, limits())
    if (keepalive) connection.startKeepalive(keepalive)
    return connection
  } catch (error) {
    connection.close()
    throw await explain(error, transport)
  }
}

async function explain(error: unknown, transport: Transport): Promise<unknown> {
  if (error instanceof LibvirtError && error.procedure === 'authPolkit') {
    return new TransportError('authentication', `${transport.address}: ${error.message}`, error)
  }
  if (error instanceof ConnectionLost) {
    const trouble = await transport.lastTrouble?.()
    return trouble ?? new TransportError('closed', `${transport.address}: ${error.message}`, error)
  }
  if (error instanceof CallTimeout) {
    return new TransportError('timeout', `${transport.address}: the daemon does not answer`, error)
  }
  if (error instanceof CallAborted) {
    return new TransportError('aborted', `${transport.address}: connecting was given up`, error)
  }
  return error
}
