import { eachAtOnce } from '#server/each-at-once.ts'
import { ahead } from './ahead.ts'
import type { ChunkStore } from './chunk-store.ts'
import { batchChunks } from './compress.ts'
import { DamageError } from './damage.ts'
import { inBatches, inGroups } from './group.ts'
import type { ChunkKind } from './keyring.ts'
import type { Location, PackState } from './middle-map.ts'
import type { ByteRange, ObjectStore } from './object-store.ts'
import type { Frame } from './open-chunk.ts'

/** One chunk that somebody wants, and what it is to them. */
export interface WantedChunk<T> {
  readonly id: Buffer
  readonly about: T
}

export interface PlacedChunk<T> extends WantedChunk<T> {
  readonly location: Location
}

const readMostBytes = 2 * 1024 * 1024
/** As many as a thread takes at once. */
const spansAtOnce = batchChunks
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
  const found = openInOrder(chunks, placed, (pack, frames) => chunks.openAll(pack, frames))
  for await (const { opened, ...each } of found) {
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

/**
 * What is found at each chunk's own place, in the order given, which is that of packs; many are read and opened at once.
 * @param open gets frames of one pack
 */
export async function* openInOrder<T, R>(
  chunks: ChunkStore,
  placed: readonly PlacedChunk<T>[],
  open: (pack: PackState, frames: readonly Frame[]) => Promise<readonly R[]>,
): AsyncGenerator<WantedChunk<T> & { readonly opened: R }> {
  const spans = inGroups(placed, (span, next) => isNear(span, next.location))
  const reads = inGroups(spans, (read, next) => fitsInto(read, next))
  const read = ahead(reads, readsAhead, (each) => readSpans(chunks, each))
  const opened = ahead(batchesOf(read), batchesAhead, async ({ pack, batch }) => {
    const results = await open(
      pack,
      batch.map(({ frame }) => frame),
    )
    return batch.map(({ id, about }, index) => ({ id, about, opened: results[index] as R }))
  })
  for await (const batch of opened) yield* batch
}

type Span<T> = readonly PlacedChunk<T>[]

function isNear<T>(span: Span<T>, { pack, offset, storedBytes }: Location): boolean {
  const end = endOf(span)
  return packOf(span) === pack && offset - end <= gapMostBytes && offset + storedBytes - startOf(span) <= readMostBytes
}

function fitsInto<T>(read: readonly Span<T>[], next: Span<T>): boolean {
  const bytes = [...read, next].reduce((sum, span) => sum + endOf(span) - startOf(span), 0)
  return packOf(read[0]) === packOf(next) && read.length < spansAtOnce && bytes <= readMostBytes
}

const packOf = <T>(span: Span<T> | undefined) => span?.[0]?.location.pack
const startOf = <T>(span: Span<T>) => span[0]?.location.offset ?? 0
function endOf<T>(span: Span<T>): number {
  const last = span.at(-1)?.location
  return last ? last.offset + last.storedBytes : 0
}

interface Read<T> {
  readonly pack: PackState
  readonly batch: readonly (WantedChunk<T> & { readonly frame: Frame })[]
}

/** Frames of chunks that lie in one pack; without bytes when it is gone. */
async function readSpans<T>(chunks: ChunkStore, spans: readonly Span<T>[]): Promise<Read<T> | undefined> {
  const pack = packOf(spans[0])
  if (!pack) return undefined
  const ranges = spans.map((span) => ({ offset: startOf(span), bytes: endOf(span) - startOf(span) }))
  const pieces = await getPieces(chunks.store, chunks.packObjectKey(pack.id), ranges)
  if (!pieces) pack.gone = true
  const batch = spans.flatMap((span, at) =>
    span.map(({ id, about, location: { offset, storedBytes, flags } }) => {
      const start = offset - startOf(span)
      const bytes = pieces?.[at]?.subarray(start, start + storedBytes) ?? noBytes
      return { id, about, frame: { id, offset, storedBytes, flags, bytes } }
    }),
  )
  return { pack, batch }
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

async function* batchesOf<T>(reads: AsyncIterable<Read<T> | undefined>): AsyncGenerator<Read<T>> {
  for await (const read of reads) {
    if (!read) continue
    for (const batch of inBatches(read.batch, batchChunks)) yield { pack: read.pack, batch }
  }
}
