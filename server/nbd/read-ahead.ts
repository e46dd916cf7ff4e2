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
  /** They are used again when the next piece is asked for. */
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
  { pieceBytes = 2 ** 19, pieces = 16, timeoutMs, signal }: ReadAheadOptions = {},
): AsyncGenerator<Piece> {
  const stop = new AbortController()
  const given = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const waiting: { offset: number; memory: Buffer; read: Promise<Buffer> }[] = []
  const free: Buffer[] = []
  async function* take(): AsyncGenerator<Piece> {
    const next = waiting.shift()
    if (!next) return
    yield { offset: next.offset, bytes: await next.read }
    free.push(next.memory)
  }
  try {
    for await (const { offset, length } of cut(extents, pieceBytes)) {
      const memory = free.pop() ?? Buffer.allocUnsafeSlow(pieceBytes)
      const read = client.readInto(memory.subarray(0, length), offset, { timeoutMs, signal: given })
      read.catch(() => {}) // told when its turn comes
      waiting.push({ offset, memory, read })
      if (waiting.length < pieces) continue
      // Half of them are asked for in one go: the server wakes up once for many. They leave before anything is taken.
      await new Promise<void>((resolve) => process.nextTick(resolve))
      for (let count = 0; count < pieces / 2; count++) yield* take()
    }
    while (waiting.length > 0) yield* take()
  } finally {
    stop.abort(new NbdError('aborted', 'read ahead', 'nobody wants more'))
  }
}
