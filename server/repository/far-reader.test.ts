import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ChunkCache } from './chunk-cache.ts'
import { DamageError } from './damage.ts'
import { Datastore } from './datastore.ts'
import { FarReader } from './far-reader.ts'
import { chunkBytes } from './layout.ts'
import type { ByteRange, ObjectStore } from './object-store.ts'
import type { Repository } from './repository.ts'
import { pick, seededRandom } from './testing/random.ts'
import { backUp, pointId, randomImage, scratchDatastoreOptions, scratchFolder, tenantId } from './testing/scratch.ts'

const chunks = 96
const imageOf = (seed: number) => randomImage(seededRandom(seed), chunks * chunkBytes - 1000)
const cacheKey = Buffer.alloc(32, 3)

/** How many bytes of packs were fetched. */
class Meter {
  bytes = 0
  requests = 0

  over(store: ObjectStore): ObjectStore {
    const counted = (key: string, pieces: readonly (Buffer | undefined)[]) => {
      if (!key.includes('/packs/')) return
      this.requests++
      for (const piece of pieces) this.bytes += piece?.length ?? 0
    }
    return {
      ...{ name: store.name, locks: undefined },
      put: (key, parts) => store.put(key, parts),
      async get(key: string, range?: ByteRange) {
        const piece = await store.get(key, range)
        counted(key, [piece])
        return piece
      },
      list: (prefix) => store.list(prefix),
      delete: (key) => store.delete(key),
      folders: (prefix) => store.folders(prefix),
    }
  }

  /** @returns what was fetched since it was asked last */
  take(): { bytes: number; requests: number } {
    const { bytes, requests } = this
    this.bytes = 0
    this.requests = 0
    return { bytes, requests }
  }
}

async function begun(seed: number) {
  const scratch = await scratchFolder()
  const meter = new Meter()
  const options = await scratchDatastoreOptions(scratch.path)
  const datastore = await Datastore.create({ ...options, store: meter.over(options.store) })
  const repository = await datastore.repository(tenantId)
  const image = imageOf(seed)
  await backUp(repository, pointId(1), image)
  meter.take()
  return { scratch, meter, repository, image, folder: join(scratch.path, 'kept') }
}

async function readerOf(repository: Repository, cache: ChunkCache) {
  const point = await repository.recoveryPoint(pointId(1), cache)
  return { point, reader: new FarReader(point, cache) }
}

/** As guests do: many at once, here and there, a little beyond the edges of chunks. */
async function readHereAndThere(reader: FarReader, image: Buffer, seed: number) {
  const random = seededRandom(seed)
  const reads = Array.from({ length: 300 }, async () => {
    const offset = pick(random, image.length - 1)
    const length = Math.min(image.length - offset, 1 + pick(random, 3 * chunkBytes))
    expect((await reader.read('vda', offset, length)).equals(image.subarray(offset, offset + length))).toBe(true)
  })
  await Promise.all(reads)
}

const sizeOf = async (folder: string) => {
  const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

test('each block is fetched once, however many read it and however often, also after a start anew', async () => {
  const { scratch, meter, repository, image, folder } = await begun(21)
  await using _ = scratch
  const { storedBytes } = await repository.usage()
  meter.take()
  const { point, reader } = await readerOf(repository, await ChunkCache.open(folder, cacheKey))
  await Promise.all([1, 2, 3].map((seed) => readHereAndThere(reader, image, seed)))
  const first = meter.take()
  expect(first.bytes).toBeGreaterThan(0)
  expect(first.bytes).toBeLessThanOrEqual(storedBytes)
  expect(first.requests).toBeLessThan(chunks / 2)
  await readHereAndThere(reader, image, 4)
  await point.close()
  const again = await readerOf(repository, await ChunkCache.open(folder, cacheKey))
  await readHereAndThere(again.reader, image, 1)
  await again.point.close()
  expect(meter.take()).toEqual({ bytes: 0, requests: 0 })
  // Without the cache it is read where it is: what proves an archive never sees what was kept.
  const plain = await repository.recoveryPoint(pointId(1))
  await plain.read('vda', 0, image.length)
  await plain.close()
  expect(meter.take().bytes).toBeGreaterThan(0)
})

test('what was kept is sealed; what was altered, cut off or is under another key is fetched again', async () => {
  const { scratch, meter, repository, image, folder } = await begun(22)
  await using _ = scratch
  const { point, reader } = await readerOf(repository, await ChunkCache.open(folder, cacheKey))
  await reader.read('vda', 0, image.length)
  await point.close()
  const names = await readdir(folder)
  const readable = await Promise.all(names.map(async (name) => (await readFile(join(folder, name))).includes('line ')))
  expect(readable).not.toContain(true)
  expect(image.includes('line ')).toBe(true)
  const [altered = '', cut = '', empty = ''] = names
  const bytes = await readFile(join(folder, altered))
  bytes[60] = (bytes[60] ?? 0) ^ 1
  await writeFile(join(folder, altered), bytes)
  await truncate(join(folder, cut), 40)
  await truncate(join(folder, empty), 0)
  meter.take()
  for (const key of [cacheKey, Buffer.alloc(32, 4)]) {
    const again = await readerOf(repository, await ChunkCache.open(folder, key))
    await readHereAndThere(again.reader, image, 5)
    expect((await again.reader.read('vda', 0, image.length)).equals(image)).toBe(true)
    await again.point.close()
    expect(meter.take().bytes).toBeGreaterThan(0)
  }
})

test('a block that is damaged keeps none beside it from being read', async () => {
  const { scratch, repository, image, folder } = await begun(24)
  await using _ = scratch
  const { point, reader } = await readerOf(repository, await ChunkCache.open(folder, cacheKey))
  const ids = await Promise.all(Array.from({ length: 16 }, (_none, index) => point.chunkId('vda', index)))
  const places = ids.map((id) => repository.chunks.locate(id))
  const broken = places.findIndex(
    (place, index) => place && ids.filter((id) => id.equals(ids[index] as Buffer)).length === 1,
  )
  const place = places[broken]
  if (!place) throw new Error('All are zeros')
  const path = join(scratch.path, 'store', repository.chunks.packObjectKey(place.pack.id))
  const pack = await readFile(path)
  pack[place.offset + 30] = (pack[place.offset + 30] ?? 0) ^ 1
  await writeFile(path, pack)
  for (let index = 0; index < 16; index++) {
    const read = reader.read('vda', index * chunkBytes, chunkBytes)
    if (index === broken) await expect(read).rejects.toBeInstanceOf(DamageError)
    else expect((await read).equals(image.subarray(index * chunkBytes, (index + 1) * chunkBytes))).toBe(true)
  }
  await point.close()
})

test('it takes no more room than it was given, and without any it still reads', async () => {
  const { scratch, repository, image, folder } = await begun(23)
  await using _ = scratch
  const mostBytes = 10 * chunkBytes
  const { point, reader } = await readerOf(repository, await ChunkCache.open(folder, cacheKey, mostBytes))
  for (const seed of [6, 7]) await readHereAndThere(reader, image, seed)
  expect(await sizeOf(folder)).toBeLessThanOrEqual(mostBytes)
  await point.close()
  const none = await ChunkCache.open(join(scratch.path, 'none'), cacheKey, 0)
  const last = await readerOf(repository, none)
  await readHereAndThere(last.reader, image, 8)
  await last.point.close()
})
