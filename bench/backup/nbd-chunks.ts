import type { NbdClient } from '#server/nbd/client.ts'
import type { Extent } from '#server/nbd/extent.ts'
import { chunkBytes } from '#server/repository/layout.ts'

const pieceBytes = 1024 * 1024
const piecesAhead = 4

export interface ChunkRun {
  readonly firstChunk: number
  readonly bytes: Buffer
}

/** The chunks that the wanted extents touch, each once, read a few MiB ahead of who takes them. */
export async function* readChunks(client: NbdClient, wanted: AsyncIterable<Extent>): AsyncGenerator<ChunkRun> {
  const ahead: Promise<ChunkRun>[] = []
  for await (const { offset, length } of pieces(wanted, client.sizeBytes)) {
    const reading = client.read(offset, length).then((bytes) => ({ firstChunk: offset / chunkBytes, bytes }))
    reading.catch(() => undefined)
    ahead.push(reading)
    const next = ahead.length > piecesAhead && ahead.shift()
    if (next) yield await next
  }
  for (const reading of ahead) yield await reading
}

async function* pieces(wanted: AsyncIterable<Extent>, sizeBytes: number) {
  let done = 0
  for await (const { offset, length } of wanted) {
    const start = Math.max(done, Math.floor(offset / chunkBytes) * chunkBytes)
    const end = Math.min(sizeBytes, Math.ceil((offset + length) / chunkBytes) * chunkBytes)
    for (let at = start; at < end; at += pieceBytes) yield { offset: at, length: Math.min(pieceBytes, end - at) }
    done = Math.max(done, end)
  }
}

/** The extents of which a flag is set, or not. */
export async function* withFlag(extents: AsyncIterable<Extent>, flag: number, isSet: boolean): AsyncGenerator<Extent> {
  for await (const extent of extents) if (Boolean(extent.flags & flag) === isSet) yield extent
}
