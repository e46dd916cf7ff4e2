import { SkerryError } from '#server/errors.ts'
import type { ChunkStore } from './chunk-store.ts'
import { DamageError } from './damage.ts'
import type { ChunkKind } from './keyring.ts'
import type { Location } from './middle-map.ts'

/** One chunk that somebody wants, and what it is to them. */
export interface WantedChunk<T> {
  readonly id: Buffer
  readonly about: T
}

interface Placed<T> extends WantedChunk<T> {
  readonly location: Location
}

const spanMostBytes = 4 * 1024 * 1024
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
  const placed: Placed<T>[] = []
  const elsewhere: WantedChunk<T>[] = []
  for (const each of wanted) {
    const location = chunks.locate(each.id)
    if (location) placed.push({ ...each, location })
    else elsewhere.push(each)
  }
  placed.sort((a, b) => inPackOrder(a.location, b.location))
  const spans = spansOf(placed)
  const read = (span: readonly Placed<T>[] | undefined) => {
    if (!span) return undefined
    const reading = readSpan(chunks, span)
    // It may be left behind when the one before it fails.
    reading.catch(() => undefined)
    return reading
  }
  let next = read(spans[0])
  for (const [at, span] of spans.entries()) {
    const bytes = await next
    next = read(spans[at + 1])
    const from = span[0]?.location.offset ?? 0
    for (const { location, ...each } of span) {
      const start = location.offset - from
      const frame = bytes?.subarray(start, start + location.storedBytes)
      const content = frame && (await openOrNothing(chunks, each.id, location, frame))
      if (content) yield { ...each, bytes: content }
      else elsewhere.push(each)
    }
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

function spansOf<T>(placed: readonly Placed<T>[]): Placed<T>[][] {
  const spans: Placed<T>[][] = []
  let span: Placed<T>[] = []
  let end = 0
  for (const each of placed) {
    const { pack, offset, storedBytes } = each.location
    const first = span[0]?.location
    const fits =
      first?.pack === pack && offset - end <= gapMostBytes && offset + storedBytes - first.offset <= spanMostBytes
    if (!fits) {
      span = []
      spans.push(span)
    }
    span.push(each)
    end = offset + storedBytes
  }
  return spans
}

async function readSpan<T>(chunks: ChunkStore, span: readonly Placed<T>[]): Promise<Buffer | undefined> {
  const [first, last] = [span[0]?.location, span.at(-1)?.location]
  if (!first || !last) return undefined
  const range = { offset: first.offset, bytes: last.offset + last.storedBytes - first.offset }
  const bytes = await chunks.store.get(chunks.packObjectKey(first.pack.id), range)
  if (!bytes) first.pack.gone = true
  return bytes
}

async function openOrNothing(chunks: ChunkStore, id: Buffer, location: Location, frame: Buffer) {
  try {
    return await chunks.open(id, location, frame)
  } catch (error) {
    if (error instanceof SkerryError && !(error instanceof DamageError)) throw error
    return undefined
  }
}
