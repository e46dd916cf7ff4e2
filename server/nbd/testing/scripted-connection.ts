import type { Duplex } from 'node:stream'
import { limited } from '../call-limit.ts'
import { NbdClient } from '../client.ts'
import { ClientHandshake } from '../client-handshake.ts'
import type { WindowSize } from '../window.ts'
import { handshakeBytes, ScriptedServer, type SeenRequest } from './scripted-server.ts'

/** The context that scripted servers offer. */
export const context = 'base:allocation'

export interface ScriptedSetup {
  structured?: boolean
  contexts?: string[]
  sizeBytes?: number
  window?: WindowSize
  /** All that the server says before the first request */
  talk?: Buffer
  /** The server ends the connection by itself */
  endAfterMs?: number
}

/** How many bytes the client says before its first request. */
const talkBytes = (contexts: readonly string[]) =>
  4 + 16 + (contexts.length > 0 ? 16 + 4 + 1 + 4 + contexts.reduce((sum, name) => sum + 4 + name.length, 0) : 0) + 25

/** A client that opened the export `x` of a scripted server at the other end of the pair. */
export async function connectScripted(
  { client: socket, server }: { client: Duplex; server: Duplex },
  setup: ScriptedSetup = {},
  answer?: (request: SeenRequest) => Buffer | undefined,
) {
  const { contexts = [], window, endAfterMs } = setup
  const scripted = new ScriptedServer(server, talkBytes(contexts), answer)
  server.write(setup.talk ?? handshakeBytes(setup))
  if (endAfterMs) setTimeout(() => server.end(), endAfterMs)
  const client = await limited('open', { timeoutMs: 2000 }, async (limit) => {
    const handshake = new ClientHandshake(socket, limit)
    await handshake.greet()
    return new NbdClient(handshake.socket, handshake.reader, await handshake.open('x', contexts), window)
  })
  return { client, server: scripted }
}
