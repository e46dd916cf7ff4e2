import { conflict } from '#server/errors.ts'
import { readInPackOrder, type WantedChunk } from './chunk-reader.ts'
import type { ChunkStore } from './chunk-store.ts'
import { inBatches } from './group.ts'
import { idBytes, zeroId } from './layout.ts'
import { isZeroId, listManifests, type Manifest, readManifest, segmentIdAt } from './manifest.ts'
import type { OpenRun } from './middle-map.ts'

/** To be read together: enough that they lie close to each other. */
export const segmentsAtOnce = 256

/** A bit for each id that the map knows, whatever there is to remember about it: 4 MiB for a full disk of 2 TiB. */
export class IdMarks {
  readonly #runs: readonly OpenRun[]
  readonly #bits: readonly Uint8Array[]
  /** Ids that came after the map was frozen. */
  readonly #others = new Set<string>()

  constructor(runs: readonly OpenRun[]) {
    this.#runs = runs
    this.#bits = runs.map(({ file }) => new Uint8Array(Math.ceil(file.count / 8)))
  }

  /** @returns whether it was not marked before */
  add(id: Buffer): boolean {
    const place = this.#find(id)
    if (!place) {
      const size = this.#others.size
      return this.#others.add(id.toString('latin1')).size > size
    }
    const isNew = (place.byte & place.bit) === 0
    place.bits[place.at] = place.byte | place.bit
    return isNew
  }

  has(id: Buffer): boolean {
    const place = this.#find(id)
    return place ? (place.byte & place.bit) !== 0 : this.#others.has(id.toString('latin1'))
  }

  /** An id stands where the first run has it first, however many copies of the chunk there are. */
  #find(id: Buffer) {
    for (const [number, { file }] of this.#runs.entries()) {
      const position = file.find(id, (_, position) => position)
      const bits = this.#bits[number]
      if (position === undefined || !bits) continue
      const at = position >>> 3
      return { bits, at, byte: bits[at] ?? 0, bit: 1 << (position & 7) }
    }
    return undefined
  }
}

/** Everything that recovery points name. What was live once stays marked: that only keeps more. */
export class LiveMarks {
  readonly #chunks: ChunkStore
  readonly #marks: IdMarks
  readonly #seen = new Set<string>()
  /** Every live chunk has a sound copy, whatever the packs hold that can't be read. */
  isComplete = true

  constructor(chunks: ChunkStore, runs: readonly OpenRun[]) {
    this.#chunks = chunks
    this.#marks = new IdMarks(runs)
  }

  has(id: Buffer): boolean {
    return this.#marks.has(id)
  }

  /**
   * Marks what the recovery points name that were not seen before, also those being removed.
   * @throws conflict when what a recovery point names can't be known, so that nothing may be given back
   */
  async update(): Promise<void> {
    for (let isSettled = false; !isSettled; ) {
      isSettled = true
      for await (const { id, version } of listManifests(this.#chunks)) {
        const name = `${id} ${version}`
        if (this.#seen.has(name)) continue
        const manifest = await readManifest(this.#chunks, id).catch((cause) => {
          throw blocked(id, cause)
        })
        // Removed since it was listed: what took over from it is in a new listing.
        if (!manifest) isSettled = false
        else await this.#markManifest(manifest)
        this.#seen.add(name)
      }
    }
  }

  async #markManifest(manifest: Manifest): Promise<void> {
    for (const batch of segmentBatches([manifest], this.#marks)) {
      const segments = readInPackOrder(this.#chunks, batch, 'segment', (_, error) => {
        throw blocked(manifest.id, error)
      })
      for await (const { bytes } of segments) this.#markChunks(bytes)
    }
  }

  #markChunks(ids: Buffer): void {
    for (let at = 0; at < ids.length; at += idBytes) {
      const id = ids.subarray(at, at + idBytes)
      if (id.equals(zeroId)) continue
      if (this.#marks.add(id) && !this.#chunks.locateSound(id)) this.isComplete = false
    }
  }
}

const blocked = (id: string, cause: unknown) =>
  conflict(
    `No space can be given back while the recovery point ${id} can't be read: nobody knows what it needs.`,
    `Make a new backup, which heals what is still the same, or remove the recovery point ${id}. ${cause instanceof Error ? cause.message : ''}`.trim(),
  )

/** The segments of some recovery points that are not marked yet, each once, to be read so many at a time. */
export function segmentBatches(manifests: readonly Manifest[], marks: IdMarks) {
  function* segments(): Generator<WantedChunk<undefined>> {
    for (const { segments } of manifests) {
      for (const { ids } of segments) {
        for (let segment = 0; segment * idBytes < ids.length; segment++) {
          const id = segmentIdAt(ids, segment)
          if (!isZeroId(id) && marks.add(id)) yield { id, about: undefined }
        }
      }
    }
  }
  return inBatches(segments(), segmentsAtOnce)
}
