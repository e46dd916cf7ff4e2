import { SkerryError } from '#server/errors.ts'
import { asPackDamage, type ChunkStore } from './chunk-store.ts'
import { type Damage, DamageError, type HurtRecoveryPoint } from './damage.ts'
import type { DamagedChunk } from './damage-list.ts'
import { folderPrefix, idBytes, nameOf, zeroId } from './layout.ts'
import { listManifests, type Manifest, manifestKey, nameOfManifest, readManifest } from './manifest.ts'
import { readSegments } from './named-segment.ts'
import { checkPack } from './pack-check.ts'
import { PendingRemovals } from './pending-removal.ts'
import { hurtByChunk } from './verify-reference.ts'

export interface VerifyRequest {
  /** Reads packs behind this one (as `nextPack` told), so that a rolling verify goes on where the last one was. */
  readonly afterPack?: string | undefined
  /** Stops reading packs after so many bytes; all of them unless told. */
  readonly mostBytes?: number | undefined
  /** Recovery points that ought to be there, by the caller's own books. */
  readonly expected?: readonly string[] | undefined
  /** After each pack that was read; what was broken in it is kept in mind by then. */
  readonly onPack?: ((pack: CheckedPack) => void | Promise<void>) | undefined
  /** Ends it between two packs. @throws its reason */
  readonly signal?: AbortSignal | undefined
}

export interface CheckedPack {
  readonly packId: string
  readonly sizeBytes: number
  readonly chunks: number
}

export interface VerifyReport {
  readonly damage: readonly Damage[]
  readonly checkedPacks: number
  readonly checkedChunks: number
  readonly checkedBytes: number
  readonly checkedRecoveryPoints: number
  /** For the next rolling verify; nothing when the last pack was read, after which it begins again. */
  readonly nextPack: string | undefined
}

/** So many broken chunks are named one by one; the rest is only counted by the recovery points that they hurt. */
const mostNamed = 1000

interface BrokenChunk {
  readonly kind: 'data' | 'segment'
  readonly reason: string
  readonly places: { packId: string; offset: number }[]
}

/**
 * Reads what is stored, as much of it as was asked for, and checks that every recovery point finds what it names.
 * What is broken is named with the recovery points it hurts, and kept in mind by the store, so that the next backup of
 * the same content heals it.
 */
export async function verify(chunks: ChunkStore, request: VerifyRequest = {}): Promise<VerifyReport> {
  return new Verification(chunks, request).run()
}

class Verification {
  readonly #chunks: ChunkStore
  readonly #request: VerifyRequest
  readonly #damage: Damage[] = []
  readonly #broken = new Map<string, BrokenChunk>()
  readonly #checked = { packs: 0, chunks: 0, bytes: 0 }
  #nextPack: string | undefined

  constructor(chunks: ChunkStore, request: VerifyRequest) {
    this.#chunks = chunks
    this.#request = request
  }

  async run(): Promise<VerifyReport> {
    for (const { objectKey, reason } of await this.#chunks.keyring.repair()) {
      this.#add('key', objectKey, reason)
    }
    await this.#chunks.refresh()
    await this.#readPacks()
    const manifests = await this.#readManifests()
    const segments = await this.#checkReferences(manifests)
    await this.#chunks.damage.reportAll([...this.#broken].map(([id, { kind, places }]) => ({ id, kind, places })))
    this.#nameChunks(hurtByChunk(manifests, segments))
    return {
      damage: this.#damage,
      checkedPacks: this.#checked.packs,
      checkedChunks: this.#checked.chunks,
      checkedBytes: this.#checked.bytes,
      checkedRecoveryPoints: manifests.length,
      nextPack: this.#nextPack,
    }
  }

  #add(what: Damage['what'], objectKey: string, reason: string) {
    this.#damage.push({ what, objectKey, chunkId: undefined, reason, hurts: [] })
  }

  async #readPacks() {
    const { afterPack = '', mostBytes = Number.POSITIVE_INFINITY } = this.#request
    const packs: { id: string; sizeBytes: number }[] = []
    for await (const { key, sizeBytes } of this.#chunks.store.list(folderPrefix(this.#chunks.owner, 'packs'))) {
      if (nameOf(key) > afterPack) packs.push({ id: nameOf(key), sizeBytes })
    }
    packs.sort((a, b) => (a.id < b.id ? -1 : 1))
    for (const [at, { id, sizeBytes }] of packs.entries()) {
      if (this.#checked.bytes >= mostBytes) {
        this.#nextPack = packs[at - 1]?.id
        break
      }
      this.#request.signal?.throwIfAborted()
      const chunksBefore = this.#checked.chunks
      await this.#readPack(id, sizeBytes)
      await this.#request.onPack?.({ packId: id, sizeBytes, chunks: this.#checked.chunks - chunksBefore })
    }
    // Packs that are not read this time, but known to be unreadable.
    const read = new Set(packs.slice(0, this.#checked.packs).map(({ id }) => id))
    for (const [id, { error }] of this.#chunks.unreadable) {
      if (!read.has(id)) this.#add('pack', this.#chunks.packObjectKey(id), error.message)
    }
  }

  async #readPack(id: string, sizeBytes: number) {
    this.#checked.packs++
    this.#checked.bytes += sizeBytes
    const found: DamagedChunk[] = []
    try {
      for await (const { entry, problem } of checkPack(this.#chunks, id, sizeBytes)) {
        this.#checked.chunks++
        if (!problem) continue
        const key = entry.id.toString('hex')
        found.push({ id: key, kind: entry.kind, places: [{ packId: id, offset: entry.offset }] })
        const broken = this.#broken.get(key) ?? { kind: entry.kind, reason: problem, places: [] }
        broken.places.push({ packId: id, offset: entry.offset })
        this.#broken.set(key, broken)
      }
    } catch (error) {
      const damage = asPackDamage(error)
      this.#chunks.setUnreadable(id, sizeBytes, damage)
      this.#add('pack', this.#chunks.packObjectKey(id), damage.message)
    }
    await this.#chunks.damage.reportAll(found)
  }

  async #readManifests(): Promise<Manifest[]> {
    const manifests: Manifest[] = []
    const found = new Set<string>()
    const removed = await new PendingRemovals(this.#chunks, 'removed').names()
    for await (const { id } of listManifests(this.#chunks)) {
      found.add(id)
      try {
        const manifest = await readManifest(this.#chunks, id)
        if (manifest && !removed.has(nameOfManifest(id))) manifests.push(manifest)
      } catch (error) {
        if (!(error instanceof SkerryError)) throw error
        if (error.code !== 'forbidden' && !(error instanceof DamageError)) throw error
        this.#addManifest(id, error.message)
      }
    }
    for (const id of this.#request.expected ?? []) if (!found.has(id)) this.#addManifest(id, 'it is gone')
    return manifests
  }

  #addManifest(id: string, reason: string) {
    const hurts = [{ recoveryPointId: id, disk: '', chunkCount: 0, chunkIndexes: [] }]
    this.#damage.push({ what: 'manifest', objectKey: manifestKey(this.#chunks, id), chunkId: undefined, reason, hurts })
  }

  /** @returns for each segment (its id as latin1) that is broken or names what is: which of its chunks, and their ids */
  async #checkReferences(manifests: readonly Manifest[]): Promise<Map<string, Map<number, string>>> {
    const hurt = new Map<string, Map<number, string>>()
    const isThere = (id: Buffer) => this.#isWhole(id)
    const lose = (id: Buffer) => {
      this.#missing(id, 'segment')
      hurt.set(id.toString('latin1'), new Map([[-1, id.toString('hex')]]))
    }
    for await (const { id, bytes } of readSegments(this.#chunks, [manifests], { isThere, lose })) {
      const broken = this.#brokenChunks(bytes)
      if (broken.size > 0) hurt.set(id.toString('latin1'), broken)
    }
    await this.#forgetMoved(hurt)
    return hurt
  }

  /** What seemed to be in no pack may only have been stored or moved since we looked at the packs. */
  async #forgetMoved(hurt: Map<string, Map<number, string>>) {
    const missing = [...this.#broken].filter(([, { places }]) => places.length === 0)
    if (missing.length === 0) return
    await this.#chunks.refresh()
    const found = new Set<string>()
    for (const [key] of missing) if (this.#isWhole(Buffer.from(key, 'hex'))) found.add(key)
    for (const key of found) this.#broken.delete(key)
    for (const broken of hurt.values()) {
      for (const [index, key] of broken) if (found.has(key)) broken.delete(index)
    }
  }

  #brokenChunks(ids: Buffer): Map<number, string> {
    const broken = new Map<number, string>()
    for (let at = 0; at < ids.length; at += idBytes) {
      const id = ids.subarray(at, at + idBytes)
      if (id.equals(zeroId) || this.#isWhole(id)) continue
      this.#missing(id, 'data')
      broken.set(at / idBytes, id.toString('hex'))
    }
    return broken
  }

  /** Whether a copy is there that is not among those found broken, now or before. */
  #isWhole(id: Buffer): boolean {
    const bad = this.#broken.size > 0 ? this.#broken.get(id.toString('hex'))?.places : undefined
    const found = this.#chunks.map.find(id, ({ pack, offset }) => {
      if (pack.unsound || this.#chunks.damage.isBad({ pack, offset })) return false
      return !bad?.some((place) => place.packId === pack.id && place.offset === offset)
    })
    return found !== undefined
  }

  #isThere(packId: string): boolean {
    return this.#chunks.map.pack(packId)?.gone === false
  }

  #missing(id: Buffer, kind: 'data' | 'segment') {
    const key = id.toString('hex')
    if (this.#broken.has(key)) return
    const reason = 'it is in no pack that can be read'
    this.#broken.set(key, { kind, reason, places: [] })
  }

  #nameChunks(hurts: ReadonlyMap<string, HurtRecoveryPoint[]>) {
    const before = new Map(this.#chunks.damage.chunks.map((chunk) => [chunk.id, chunk.places]))
    for (const [chunkId, broken] of [...this.#broken].slice(0, mostNamed)) {
      const { kind } = broken
      // What was found broken before, and was not read again.
      const known =
        broken.places.length > 0 ? undefined : before.get(chunkId)?.find(({ packId }) => this.#isThere(packId))
      const reason = known ? 'it was found altered' : broken.reason
      const place = known ?? broken.places[0]
      const objectKey = place && this.#chunks.packObjectKey(place.packId)
      const what = kind === 'data' ? 'chunk' : 'segment'
      this.#damage.push({ what, objectKey, chunkId, reason, hurts: hurts.get(chunkId) ?? [] })
    }
  }
}
