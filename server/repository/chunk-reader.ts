import { eachAtOnce } from '#server/each-at-once.ts'
import { ahead } from './ahead.ts'
import type { ChunkStore } from './chunk-store.ts'
import { batchChunks } from './compress.ts'
import { DamageError } from './damage.ts'
import type { ChunkKind } from './keyring.ts'
import type { Location } from './middle-map.ts'
import type { ByteRange, ObjectStore } from './object-store.ts'
import type { Opened } from './open-chunk.ts'

/** One chunk that somebody wants, and what it is to them. */
export interface WantedChunk<T> {
  readonly id: Buffer
  readonly about: T
}

export interface PlacedChunk<T> extends WantedChunk<T> {
  readonly location: Location
}

const readMostBytes = 2 * 1024 * 1024
const spansAtOnce = 8
/** A store far away, or a disk, has many requests under way as soon as one. */
const readsAhead = 2
/** Enough that no thread waits. */
const batchesAhead = 4
/** To a store that has no quicker way to many pieces. */
const requestsAtOnce = 4
const noBytes = Buffer.alloc(0)
/** Reading over a gap is cheaper than another request. */
const gapMostBytes = 128 * 1024

/**
 * Reads chunks in the order in which they lie in packs, many with one request, the next span while one is opened. What
 * is not whole at its first place is looked for elsewhere.
 * @param onDamage takes the chunks of which there is no good copy; without it the first one throws
 * @throws DamageError
 */
export async function* readInPackOrder<T>(
  chunks: ChunkStore,
  wanted: readonly WantedChunk<T>[],
  kind: ChunkKind,
  onDamage?: (wanted: WantedChunk<T>, error: DamageError) => void,
): AsyncGenerator<WantedChunk<T> & { bytes: Buffer }> {
  const placed: PlacedChunk<T>[] = []
  const elsewhere: WantedChunk<T>[] = []
  for (const each of wanted) {
    const location = chunks.locate(each.id)
    if (location) placed.push({ ...each, location })
    else elsewhere.push(each)
  }
  placed.sort((a, b) => inPackOrder(a.location, b.location))
  for await (const { opened, ...each } of openInOrder(chunks, placed)) {
    if ('bytes' in opened) yield { ...each, bytes: opened.bytes }
    else elsewhere.push(each)
  }
  for (const each of elsewhere) {
    try {
      yield { ...each, bytes: await chunks.read(each.id, kind) }
    } catch (error) {
      if (!onDamage || !(error instanceof DamageError)) throw error
      onDamage(each, error)
    }
  }
}

export const inPackOrder = (a: Location, b: Location) =>
  a.pack === b.pack ? a.offset - b.offset : a.pack.id < b.pack.id ? -1 : 1

/** What each chunk's own place holds, in the order given, which is that of packs; many are read and opened at once. */
export async function* openInOrder<T>(
  chunks: ChunkStore,
  placed: readonly PlacedChunk<T>[],
): AsyncGenerator<WantedChunk<T> & { readonly opened: Opened }> {
  const reads = ahead(readsOf(placed), readsAhead, (spans) => readSpans(chunks, spans))
  for await (const batch of ahead(batchesOf(reads), batchesAhead, (frames) => openBatch(chunks, frames))) yield* batch
}

function spansOf<T>(placed: readonly PlacedChunk<T>[]): PlacedChunk<T>[][] {
  const spans: PlacedChunk<T>[][] = []
  let span: PlacedChunk<T>[] = []
  let end = 0
  for (const each of placed) {
    const { pack, offset, storedBytes } = each.location
    const first = span[0]?.location
    const fits =
      first?.pack === pack && offset - end <= gapMostBytes && offset + storedBytes - first.offset <= readMostBytes
    if (!fits) {
      span = []
      spans.push(span)
    }
    span.push(each)
    end = offset + storedBytes
  }
  return spans
}

/** A range of a pack that is read with one request, and the chunks in it. */
interface Span<T> {
  readonly range: ByteRange
  readonly placed: readonly PlacedChunk<T>[]
}

function asSpan<T>(placed: readonly PlacedChunk<T>[]): Span<T> {
  const [offset, last] = [placed[0]?.location.offset ?? 0, placed.at(-1)?.location]
  return { placed, range: { offset, bytes: last ? last.offset + last.storedBytes - offset : 0 } }
}

const packOf = <T>(span: Span<T> | undefined) => span?.placed[0]?.location.pack

/** Spans of one pack each, to be read together. */
function* readsOf<T>(placed: readonly PlacedChunk<T>[]): Generator<Span<T>[]> {
  let spans: Span<T>[] = []
  let bytes = 0
  for (const span of spansOf(placed).map((each) => asSpan(each))) {
    const fits =
      packOf(spans[0]) === packOf(span) && spans.length < spansAtOnce && bytes + span.range.bytes <= readMostBytes
    if (!fits && spans.length > 0) {
      yield spans
      spans = []
      bytes = 0
    }
    spans.push(span)
    bytes += span.range.bytes
  }
  if (spans.length > 0) yield spans
}

type Read<T> = PlacedChunk<T> & { readonly frame: Buffer }

/** Frames of chunks that lie in one pack; without bytes when it is gone. */
async function readSpans<T>(chunks: ChunkStore, spans: readonly Span<T>[]): Promise<Read<T>[]> {
  const pack = packOf(spans[0])
  if (!pack) return []
  const ranges = spans.map(({ range }) => range)
  const pieces = await getPieces(chunks.store, chunks.packObjectKey(pack.id), ranges)
  if (!pieces) pack.gone = true
  return spans.flatMap(({ placed, range }, at) =>
    placed.map((each) => {
      const start = each.location.offset - range.offset
      return { ...each, frame: pieces?.[at]?.subarray(start, start + each.location.storedBytes) ?? noBytes }
    }),
  )
}

async function getPieces(store: ObjectStore, key: string, ranges: readonly ByteRange[]) {
  if (store.getPieces) return store.getPieces(key, ranges)
  const pieces: Buffer[] = []
  await eachAtOnce(ranges.entries(), requestsAtOnce, async ([at, range]) => {
    const piece = await store.get(key, range)
    if (piece) pieces[at] = piece
  })
  return ranges.every((_, at) => pieces[at]) ? pieces : undefined
}

/** Of one pack each. */
async function* batchesOf<T>(reads: AsyncIterable<readonly Read<T>[]>): AsyncGenerator<Read<T>[]> {
  let batch: Read<T>[] = []
  for await (const read of reads) {
    for (const each of read) {
      const isFull = batch.length === batchChunks || batch[0]?.location.pack !== each.location.pack
      if (isFull && batch.length > 0) {
        yield batch
        batch = []
      }
      batch.push(each)
    }
  }
  if (batch.length > 0) yield batch
}

async function openBatch<T>(chunks: ChunkStore, batch: readonly Read<T>[]) {
  const pack = batch[0]?.location.pack
  const frames = batch.map(({ id, location, frame }) => ({ ...location, id, bytes: frame }))
  const opened = pack ? await chunks.openAll(pack, frames) : []
  return batch.map(({ id, about }, index) => ({ id, about, opened: opened[index] as Opened }))
}
