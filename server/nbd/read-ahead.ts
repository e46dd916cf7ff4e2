import type { NbdClient } from './client.ts'
import { NbdError } from './error.ts'
import type { Extent } from './extent.ts'

export interface ReadAheadOptions {
  /** Pieces end where multiples of it do */
  pieceBytes?: number
  /** So many are asked for before the first of them is taken */
  pieces?: number
  /** For each piece */
  timeoutMs?: number
  signal?: AbortSignal
}

export interface Piece {
  offset: number
  bytes: Buffer
}

async function* cut(extents: AsyncIterable<Extent> | Iterable<Extent>, pieceBytes: number) {
  for await (const { offset, length } of extents) {
    const end = offset + length
    for (let at = offset; at < end; ) {
      const next = Math.min(end, (Math.floor(at / pieceBytes) + 1) * pieceBytes)
      yield { offset: at, length: next - at }
      at = next
    }
  }
}

/**
 * The data of some extents, in their order, read ahead so far that the way to the server is never idle and never more is
 * held. Whoever stops taking them stops the reading.
 */
export async function* readAhead(
  client: NbdClient,
  extents: AsyncIterable<Extent> | Iterable<Extent>,
  { pieceBytes = 2 ** 20, pieces = 8, timeoutMs, signal }: ReadAheadOptions = {},
): AsyncGenerator<Piece> {
  const stop = new AbortController()
  const given = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const waiting: { offset: number; read: Promise<Buffer> }[] = []
  const take = async (): Promise<Piece | undefined> => {
    const next = waiting.shift()
    return next && { offset: next.offset, bytes: await next.read }
  }
  try {
    for await (const { offset, length } of cut(extents, pieceBytes)) {
      const read = client.read(offset, length, { timeoutMs, signal: given })
      read.catch(() => {}) // told when its turn comes
      waiting.push({ offset, read })
      if (waiting.length < pieces) continue
      const piece = await take()
      if (piece) yield piece
    }
    for (let piece = await take(); piece; piece = await take()) yield piece
  } finally {
    stop.abort(new NbdError('aborted', 'read ahead', 'nobody wants more'))
  }
}
