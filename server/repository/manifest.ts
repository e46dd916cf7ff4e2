import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { z } from 'zod'
import type { ChunkStore } from './chunk-store.ts'
import { DamageError } from './damage.ts'
import {
  folderPrefix,
  idBytes,
  nameOf,
  objectKey,
  segmentCountOf,
  uuidFromBytes,
  uuidToBytes,
  zeroId,
} from './layout.ts'
import { openTenantObject, putTenantObject } from './tenant-object.ts'

/**
 * A manifest's content, compressed with zstd: bytes of the description (4, little-endian), the description (JSON), then
 * for each disk in its order the ids of its segments (32 each; zeros for a segment that is all zeros), and for each
 * segment how many of its chunks are not all zeros (2, little-endian).
 */
const Description = z.object({
  /** Milliseconds since 1970 by the clock of who wrote it. */
  createdAtMs: z.number(),
  parentId: z.string().nullable(),
  /** Whatever the caller wants to find here again when its database is gone. */
  label: z.record(z.string(), z.string()),
  disks: z.array(
    z.object({
      name: z.string(),
      sizeBytes: z.number().int().nonnegative(),
      /** Chunks that are not all zeros. */
      chunkCount: z.number().int().nonnegative(),
    }),
  ),
  /** What making it cost, with what attempts before this one had stored of it. */
  writtenChunkCount: z.number().int(),
  storedChunkCount: z.number().int(),
  storedBytes: z.number().int(),
})
export type ManifestDescription = z.infer<typeof Description>

/** A point in time of some disks, in full: where it is the same as an earlier one, it names the same segments. */
export interface Manifest {
  readonly id: string
  readonly description: ManifestDescription
  readonly segments: readonly DiskSegments[]
}

export interface DiskSegments {
  /** 32 bytes each. */
  readonly ids: Buffer
  /** 2 bytes each: chunks that are not all zeros. */
  readonly counts: Buffer
}

export const noSegments: DiskSegments = { ids: Buffer.alloc(0), counts: Buffer.alloc(0) }

export const segmentIdAt = (ids: Buffer, segment: number) => ids.subarray(segment * idBytes, (segment + 1) * idBytes)
export const isZeroId = (id: Buffer) => id.equals(zeroId)

export const nameOfManifest = (id: string) => uuidToBytes('recovery point', id).toString('hex')

/** Puts the manifest as one object: with it the recovery point exists. */
export async function putManifest(chunks: ChunkStore, manifest: Manifest): Promise<void> {
  const description = Buffer.from(JSON.stringify(manifest.description))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(description.length)
  const plain = Buffer.concat([length, description, ...manifest.segments.flatMap(({ ids, counts }) => [ids, counts])])
  const content = zstdCompressSync(plain, { params: { [constants.ZSTD_c_compressionLevel]: 3 } })
  await putTenantObject(chunks.store, chunks.owner, chunks.keyring, 'manifests', nameOfManifest(manifest.id), content)
}

/**
 * @returns nothing when there is no such recovery point
 * @throws forbidden when it was written through another datastore or by another tenant; DamageError when it was altered
 */
export async function readManifest(chunks: ChunkStore, id: string): Promise<Manifest | undefined> {
  const name = nameOfManifest(id)
  const content = await openTenantObject(chunks.store, chunks.owner, chunks.keyring, 'manifests', name)
  if (!content) return undefined
  try {
    const plain = zstdDecompressSync(content)
    let at = 4 + plain.readUInt32LE(0)
    const description = Description.parse(JSON.parse(plain.toString('utf8', 4, at)))
    const take = (bytes: number) => {
      at += bytes
      return plain.subarray(at - bytes, at)
    }
    const segments = description.disks.map(({ sizeBytes }) => {
      const count = segmentCountOf(sizeBytes)
      return { ids: take(count * idBytes), counts: take(count * 2) }
    })
    if (at !== plain.length) throw new Error('Its length does not fit its disks')
    return { id, description, segments }
  } catch (cause) {
    const key = manifestKey(chunks, id)
    throw new DamageError(`The recovery point ${id} in ${chunks.store.name} can't be understood.`, {
      objectKey: key,
      cause,
      wayOut:
        'It was written by another version of Skerry, or wrongly: update this worker, or remove the recovery point.',
    })
  }
}

/** As `readManifest`, without those that are being removed. Look within a session, so that it stays. */
export async function readLastingManifest(chunks: ChunkStore, id: string): Promise<Manifest | undefined> {
  const manifest = await readManifest(chunks, id)
  const marker = objectKey(chunks.owner, 'removed', nameOfManifest(id))
  return manifest && (await chunks.store.get(marker, { offset: 0, bytes: 1 })) ? undefined : manifest
}

export const manifestKey = (chunks: ChunkStore, id: string) => objectKey(chunks.owner, 'manifests', nameOfManifest(id))

/** Also those that are being removed. The version is another one when the same id was used again. */
export async function* listManifests(chunks: ChunkStore): AsyncGenerator<{ id: string; version: string }> {
  for await (const { key, version } of chunks.store.list(folderPrefix(chunks.owner, 'manifests'))) {
    yield { id: uuidFromBytes(Buffer.from(nameOf(key), 'hex')), version }
  }
}
