import { linkSync, mkdirSync, readdirSync } from 'node:fs'
import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ChunkPool } from '../chunk-pool.ts'
import { Datastore, type DatastoreOptions } from '../datastore.ts'
import { FolderStore } from '../folder-store.ts'
import { chunkBytes } from '../layout.ts'
import { type MasterKey, masterKeys } from '../master-key.ts'
import type { RecoveryPoint } from '../recovery-point.ts'
import type { Repository } from '../repository.ts'
import { pick, type Random, randomBytesOf } from './random.ts'

export const datastoreId = '00000000-0000-4000-8000-0000000000d1'
export const tenantId = '00000000-0000-4000-8000-0000000000a1'

/** The id of the numbered recovery point. */
export const pointId = (number: number) => `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`

export const testMasters = masterKeys([Buffer.alloc(32, 9)])
/** Works on the spot: tests have little to compress and open. */
export const testPool = new ChunkPool({ workers: 0, level: 1 })

/** Memory, where there is room in it: tests end processes, not machines, so that nothing has to wait for a disk. */
const memory = '/dev/shm'
const leastMemoryBytes = 2 ** 30

export async function temporaryFolder(): Promise<string> {
  const room = await statfs(memory).catch(() => undefined)
  return room && room.bavail * room.bsize >= leastMemoryBytes ? memory : tmpdir()
}

/** A folder that goes when the test ends. */
export async function scratchFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(await temporaryFolder(), 'skerry-repository-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** A copy that shares its files' bytes: who changes one must write it anew. What stores and caches hold is never changed. */
export function linkTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) linkTree(source, target)
    else linkSync(source, target)
  }
}

export interface ScratchOptions {
  readonly masters?: readonly [MasterKey, ...MasterKey[]]
  readonly packBytes?: number
  readonly cache?: string
  readonly datastoreId?: string
  readonly tenantId?: string
  readonly sessionLeaseMs?: number
  readonly pool?: ChunkPool
  /** Takes only a datastore that is there. */
  readonly mustExist?: boolean
}

/** What opens a datastore below a scratch folder: objects in `store`, caches in `cache`. */
export async function scratchDatastoreOptions(folder: string, options: ScratchOptions = {}): Promise<DatastoreOptions> {
  await mkdir(join(folder, 'store'), { recursive: true })
  return {
    store: await FolderStore.prepare(join(folder, 'store')),
    id: options.datastoreId ?? datastoreId,
    masters: options.masters ?? testMasters,
    cacheFolder: join(folder, options.cache ?? 'cache'),
    pool: options.pool ?? testPool,
    packBytes: options.packBytes ?? 256 * 1024,
    ...(options.sessionLeaseMs && { sessionLeaseMs: options.sessionLeaseMs }),
  }
}

/** Opens the repository below a scratch folder, with its datastore if need be. */
export async function scratchRepository(folder: string, options: ScratchOptions = {}): Promise<Repository> {
  const all = await scratchDatastoreOptions(folder, options)
  const exists = options.mustExist || (await all.store.get(`${all.id}/datastore`))
  const datastore = exists ? await Datastore.open(all) : await Datastore.create(all)
  return datastore.repository(options.tenantId ?? tenantId)
}

/** A disk image that has a bit of everything: zeros, what compresses, what does not, what comes twice. */
export function randomImage(random: Random, sizeBytes: number): Buffer {
  const image = Buffer.alloc(sizeBytes)
  for (let at = 0; at < sizeBytes; at += chunkBytes) writeChunk(random, image, at)
  return image
}

/** Writes over some chunks. @returns their indexes */
export function changeImage(random: Random, image: Buffer, count: number): number[] {
  const indexes = new Set<number>()
  for (let each = 0; each < count; each++) indexes.add(pick(random, Math.ceil(image.length / chunkBytes)))
  for (const index of indexes) {
    image.fill(0, index * chunkBytes, (index + 1) * chunkBytes)
    writeChunk(random, image, index * chunkBytes)
  }
  return [...indexes].sort((a, b) => a - b)
}

function writeChunk(random: Random, image: Buffer, at: number) {
  const end = Math.min(image.length, at + chunkBytes)
  const kind = random()
  if (kind < 0.3 || end - at < 8) return
  if (kind < 0.4 && at > 0) image.copy(image, at, 0, end - at)
  else if (kind < 0.7) image.fill(`line ${pick(random, 1e6)}\n`, at, end)
  else randomBytesOf(random, end - at).copy(image, at)
}

export async function backUp(
  repository: Repository,
  id: string,
  image: Buffer,
  changes: { parentId?: string; indexes?: readonly number[]; vm?: string } = {},
): Promise<void> {
  const disks = [{ name: 'vda', sizeBytes: image.length }]
  const backup = await repository.startBackup({
    id,
    disks,
    ...(changes.parentId ? { parentId: changes.parentId } : {}),
    ...(changes.vm ? { label: { vm: changes.vm } } : {}),
  })
  try {
    const indexes = changes.indexes ?? Array.from({ length: Math.ceil(image.length / chunkBytes) }, (_, index) => index)
    for (const index of indexes)
      await backup.write('vda', index, image.subarray(index * chunkBytes, (index + 1) * chunkBytes))
    for await (const { firstChunk, count } of backup.brokenInParent('vda')) {
      await backup.write('vda', firstChunk, image.subarray(firstChunk * chunkBytes, (firstChunk + count) * chunkBytes))
    }
    await backup.commit()
  } catch (error) {
    await backup.abort()
    throw error
  }
}

/** The whole disk, put together from what is not zeros. */
export async function restore(point: RecoveryPoint): Promise<Buffer> {
  const image = Buffer.alloc(point.description.disks[0]?.sizeBytes ?? 0)
  for await (const { offset, bytes } of point.contents('vda')) bytes?.copy(image, offset)
  return image
}

export async function restoreById(repository: Repository, id: string): Promise<Buffer> {
  const point = await repository.recoveryPoint(id)
  try {
    return await restore(point)
  } finally {
    await point.close()
  }
}

export async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
