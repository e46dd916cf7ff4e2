import { conflict, invalid, notFound } from '#server/errors.ts'
import type { ChunkPool } from './chunk-pool.ts'
import type { ChunkStore } from './chunk-store.ts'
import { DiskDraft } from './disk-draft.ts'
import { contentId, type DataKey } from './keyring.ts'
import { chunkBytes, idBytes, segmentChunks, zeroChunk, zeroId } from './layout.ts'
import { type DiskSegments, type Manifest, manifestKey, putManifest, readLastingManifest } from './manifest.ts'
import { PackWriter } from './pack-writer.ts'
import { segmentOf } from './segment-table.ts'
import { isPackFor, Session } from './session.ts'

export interface BackupRequest {
  /** Of the recovery point that comes of it; the caller's choice, so that a step that runs twice finds it again. */
  readonly id: string
  /** What is not written is the same as in this one; without it, what is not written is zeros. */
  readonly parentId?: string | undefined
  readonly disks: readonly { readonly name: string; readonly sizeBytes: number }[]
  readonly label?: Readonly<Record<string, string>> | undefined
}

export interface BackupOptions {
  readonly pool: ChunkPool
  readonly tableFolder: string
  readonly packBytes?: number | undefined
}

/** A backup that is being written. Nothing of it can be seen until `commit`, and then all of it. */
export class BackupWriter {
  readonly #chunks: ChunkStore
  readonly #request: BackupRequest
  readonly #session: Session
  readonly #packs: PackWriter
  readonly #disks: readonly DiskDraft[]
  /** One for the whole backup, so that all of its ids are keyed alike. */
  readonly #key: DataKey
  /** What attempts that broke off have left, and this one finds again. */
  readonly #leftBytes: number
  #writtenChunkCount = 0
  #isOver = false

  private constructor(
    chunks: ChunkStore,
    request: BackupRequest,
    session: Session,
    disks: readonly DiskDraft[],
    { pool, packBytes }: BackupOptions,
  ) {
    this.#chunks = chunks
    this.#request = request
    this.#session = session
    this.#disks = disks
    this.#key = chunks.keyring.current
    const left = [...chunks.map.packs].filter((pack) => !pack.gone && isPackFor(request.id, pack.id))
    this.#leftBytes = left.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    this.#packs = new PackWriter(chunks, session, pool, packBytes)
  }

  static async start(chunks: ChunkStore, request: BackupRequest, options: BackupOptions): Promise<BackupWriter> {
    assertDisks(request)
    const session = await Session.start(chunks, 'backup', request.id)
    try {
      await chunks.refresh()
      if (await chunks.store.get(manifestKey(chunks, request.id), { offset: 0, bytes: 1 })) {
        throw conflict(
          `The recovery point ${request.id} exists already.`,
          'Use it, or make the backup under another id.',
        )
      }
      const parent = request.parentId ? await readLastingManifest(chunks, request.parentId) : undefined
      if (request.parentId && !parent) throw notFound('recovery point', request.parentId)
      const disks = request.disks.map((disk) => new DiskDraft(chunks, disk, parent, options.tableFolder))
      return new BackupWriter(chunks, request, session, disks, options)
    } catch (error) {
      await session.end()
      throw error
    }
  }

  /**
   * Takes consecutive chunks; a chunk may be written again, the last time counts. Wait for each call before the next.
   * @param bytes whole chunks of 64 KiB, but for the disk's last, which ends where the disk does
   */
  async write(diskName: string, firstChunk: number, bytes: Buffer): Promise<void> {
    const disk = this.#disk(diskName)
    const count = Math.ceil(bytes.length / chunkBytes)
    const end = Math.min((firstChunk + count) * chunkBytes, disk.sizeBytes)
    if (!Number.isInteger(firstChunk) || firstChunk < 0 || end - firstChunk * chunkBytes !== bytes.length) {
      throw invalid(`${bytes.length} bytes at chunk ${firstChunk} are no whole chunks of the disk ${diskName}.`)
    }
    const ids = Buffer.allocUnsafe(count * idBytes)
    for (let index = 0; index < count; index++) {
      const chunk = padded(bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes))
      const id = chunk.equals(zeroChunk) ? zeroId : contentId(this.#key, 'data', chunk)
      id.copy(ids, index * idBytes)
      if (id !== zeroId && !this.#packs.has(id)) await this.#packs.addChunk(id, chunk)
    }
    await disk.set(firstChunk, ids)
    this.#writtenChunkCount += count
  }

  /** As `write` with zeros: for what is known to be a hole or was discarded. */
  async writeZeros(diskName: string, firstChunk: number, count: number): Promise<void> {
    const disk = this.#disk(diskName)
    if (firstChunk < 0 || firstChunk + count > disk.chunkCount) {
      throw invalid(`The disk ${diskName} has ${disk.chunkCount} chunks, not ${firstChunk + count}.`)
    }
    for (let at = firstChunk; at < firstChunk + count; ) {
      const next = Math.min(firstChunk + count, (segmentOf(at) + 1) * segmentChunks)
      await disk.set(at, Buffer.alloc((next - at) * idBytes))
      at = next
    }
    this.#writtenChunkCount += count
  }

  /**
   * The chunks of the parent that are known to be broken, as runs: written again from the disk they are whole in this
   * recovery point, and in all others that have the same content.
   */
  async *brokenInParent(diskName: string): AsyncGenerator<{ firstChunk: number; count: number }> {
    const disk = this.#disk(diskName)
    const broken = new Set(
      this.#chunks.damage.chunks
        .filter(({ id }) => !this.#chunks.locateLasting(Buffer.from(id, 'hex')))
        .map(({ id }) => Buffer.from(id, 'hex').toString('latin1')),
    )
    if (broken.size > 0) yield* disk.find(broken)
  }

  /** Puts what is still under way, then the manifest, last: from then on the recovery point exists. */
  async commit(): Promise<Manifest> {
    this.#assertOpen()
    try {
      const segments: DiskSegments[] = []
      const disks: Manifest['description']['disks'] = []
      for (const disk of this.#disks) {
        const { ids, counts, chunkCount } = await disk.finish((chunkIds) => this.#storeSegment(chunkIds))
        segments.push({ ids, counts })
        disks.push({ name: disk.name, sizeBytes: disk.sizeBytes, chunkCount })
      }
      await this.#packs.finish()
      const manifest: Manifest = {
        id: this.#request.id,
        description: {
          createdAtMs: Date.now(),
          parentId: this.#request.parentId ?? null,
          label: { ...this.#request.label },
          disks,
          writtenChunkCount: this.#writtenChunkCount,
          storedChunkCount: this.#packs.chunkCount,
          storedBytes: this.#leftBytes + this.#packs.storedBytes,
        },
        segments,
      }
      await this.#putManifest(manifest)
      await this.#end()
      return manifest
    } catch (error) {
      await this.abort()
      throw error
    }
  }

  /** Gives the backup up. What it stored is collected later, or found again by the next one. */
  async abort(): Promise<void> {
    if (this.#isOver) return
    await this.#packs.abandon()
    await this.#end().catch(() => undefined)
  }

  async #putManifest(manifest: Manifest) {
    await this.#session.assertHeld()
    await putManifest(this.#chunks, manifest)
    try {
      await this.#session.assertHeld()
    } catch (error) {
      await this.#chunks.store.delete(manifestKey(this.#chunks, manifest.id))
      throw error
    }
  }

  async #end() {
    this.#isOver = true
    for (const disk of this.#disks) disk.close()
    await this.#session.end()
  }

  #assertOpen() {
    if (this.#isOver) throw conflict('This backup has ended.', 'Start another one.')
  }

  #disk(name: string): DiskDraft {
    this.#assertOpen()
    const disk = this.#disks.find((each) => each.name === name)
    if (!disk) throw invalid(`This backup has no disk ${name}.`)
    return disk
  }

  async #storeSegment(chunkIds: Buffer): Promise<Buffer> {
    const id = contentId(this.#key, 'segment', chunkIds)
    if (!this.#packs.has(id)) await this.#packs.addSegment(id, chunkIds)
    return id
  }
}

function assertDisks({ disks }: BackupRequest) {
  const names = new Set(disks.map(({ name }) => name))
  if (names.size !== disks.length) throw invalid('Two disks of a backup have the same name.')
  if (disks.some(({ sizeBytes }) => !Number.isSafeInteger(sizeBytes) || sizeBytes < 0)) {
    throw invalid('The size of a disk is a whole number of bytes.')
  }
}

/** A chunk as it is hashed: the last one of a disk is filled up with zeros. */
export function padded(chunk: Buffer): Buffer {
  if (chunk.length === chunkBytes) return chunk
  const whole = Buffer.alloc(chunkBytes)
  chunk.copy(whole)
  return whole
}
