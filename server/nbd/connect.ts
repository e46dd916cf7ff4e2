import { type CallLimit, type CallOptions, limited, usualTimeoutMs } from './call-limit.ts'
import { NbdClient } from './client.ts'
import { ClientHandshake } from './client-handshake.ts'
import { NbdError } from './error.ts'
import { addressText, type NbdAddress, type NbdTls, openSocket } from './transport.ts'
import type { WindowSize } from './window.ts'

export type ConnectOptions = NbdAddress &
  CallOptions & {
    /** Refuses servers without TLS when given */
    tls?: NbdTls
  }

export type OpenExportOptions = ConnectOptions & {
  exportName: string
  /** Such as `base:allocation` or `qemu:dirty-bitmap:NAME`; the export must have all of them */
  contexts?: readonly string[]
  /** How much may be in flight */
  window?: WindowSize
}

/** After TLS was agreed on, a server that drops us does so because of our certificate. */
function explain(error: unknown, doing: string, secured: boolean): unknown {
  if (!(error instanceof NbdError)) return error
  const why = "the server ended the connection: it does not accept our certificate, or can't use its own"
  if (secured && error.code === 'closed') return new NbdError('tls', doing, why, error)
  return error.for(doing)
}

async function talk<T>(
  options: ConnectOptions,
  limit: CallLimit,
  work: (handshake: ClientHandshake) => Promise<T>,
): Promise<T> {
  const handshake = new ClientHandshake(await openSocket(options, limit), limit)
  const stopListening = limit.onGiveUp((error) => {
    handshake.reader.fail(error)
    handshake.socket.destroy()
  })
  let secured = false
  try {
    await handshake.greet()
    if (options.tls) {
      await handshake.startTls(options.tls, 'host' in options ? options.host : 'localhost')
      secured = true
    }
    return await work(handshake)
  } catch (error) {
    handshake.socket.on('error', () => {})
    handshake.socket.destroy()
    throw limit.error ?? explain(error, limit.doing, secured)
  } finally {
    stopListening()
  }
}

/**
 * Opens an export. Rejects with NbdError: `unreachable`, `tls`, `no-export`, `refused`, `unsupported` (a context is
 * missing), `protocol`, `timeout` or `aborted`; nothing stays open then.
 */
export function connectNbd(options: OpenExportOptions): Promise<NbdClient> {
  const { exportName, contexts = [], timeoutMs = usualTimeoutMs, signal, window } = options
  const doing = `open the NBD export '${exportName}' at ${addressText(options)}`
  return limited(doing, { timeoutMs, signal }, (limit) =>
    talk(options, limit, async (handshake) => {
      const agreed = await handshake.open(exportName, contexts)
      return new NbdClient(handshake.socket, handshake.reader, agreed, window)
    }),
  )
}

/** The names of a server's exports. Rejects with `refused` where it keeps them to itself. */
export function listNbdExports(options: ConnectOptions): Promise<string[]> {
  const doing = `list the NBD exports at ${addressText(options)}`
  return limited(doing, options, (limit) =>
    talk(options, limit, async (handshake) => {
      const names = await handshake.list()
      handshake.leave()
      return names
    }),
  )
}
