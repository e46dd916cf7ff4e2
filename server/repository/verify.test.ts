import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import type { DamageError } from './damage.ts'
import { chunkBytes } from './layout.ts'
import { randomBytesOf, seededRandom } from './testing/random.ts'
import {
  backUp,
  collected,
  datastoreId,
  pointId,
  restoreById,
  scratchFolder,
  scratchRepository,
  tenantId,
} from './testing/scratch.ts'

vi.setConfig({ testTimeout: 60_000 })

const packFolder = (folder: string) => join(folder, 'store', datastoreId, tenantId, 'packs')

/** Three points of noise: the second shares all but chunk 3 with the first, the third all but chunk 9 with the second. */
async function threePoints(folder: string) {
  const repository = await scratchRepository(folder)
  const random = seededRandom(61)
  const image = randomBytesOf(random, 20 * chunkBytes)
  const images = [Buffer.from(image)]
  await backUp(repository, pointId(1), image)
  for (const [number, index] of [
    [2, 3],
    [3, 9],
  ] as const) {
    randomBytesOf(random, chunkBytes).copy(image, index * chunkBytes)
    await backUp(repository, pointId(number), image, { parentId: pointId(number - 1), indexes: [index] })
    images.push(Buffer.from(image))
  }
  return { repository, images }
}

/** Flips three bytes in the frame of a chunk of the first point. */
async function flip(folder: string, repository: Awaited<ReturnType<typeof scratchRepository>>, index: number) {
  const point = await repository.recoveryPoint(pointId(1))
  const id = Buffer.from(await point.chunkId('vda', index))
  await point.close()
  const location = repository.chunks.locate(id)
  if (!location) throw new Error('the chunk is nowhere')
  const path = join(packFolder(folder), location.pack.id)
  const bytes = await readFile(path)
  for (const at of [100, 101, 5000]) bytes[location.offset + at] = (bytes[location.offset + at] ?? 0) ^ 0x55
  await writeFile(path, bytes)
  return id.toString('hex')
}

test('three flipped bytes are found as exactly that chunk, with exactly the points they hurt, and healed', async () => {
  await using folder = await scratchFolder()
  const { repository, images } = await threePoints(folder.path)
  const chunkId = await flip(folder.path, repository, 9)
  const { damage } = await repository.verify()
  expect(damage).toHaveLength(1)
  const hurt = (number: number) => ({ recoveryPointId: pointId(number), disk: 'vda', chunkCount: 1, chunkIndexes: [9] })
  expect(damage[0]).toMatchObject({ what: 'chunk', chunkId })
  expect(new Set(damage[0]?.hurts)).toEqual(new Set([hurt(1), hurt(2)]))

  const error: DamageError = await restoreById(repository, pointId(2)).catch((reason) => reason)
  expect(error).toMatchObject({ name: 'DamageError', chunkId })
  expect(error.message).toContain(pointId(2))
  expect(error.message).toContain(`byte ${9 * chunkBytes} of its disk vda`)
  // The third one has something else there.
  expect((await restoreById(repository, pointId(3))).equals(images[2] ?? Buffer.alloc(0))).toBe(true)
  await repository.close()

  // Another worker makes the next backup, on top of a point that is hurt; it asks what to read again.
  const other = await scratchRepository(folder.path, { cache: 'other' })
  await backUp(other, pointId(4), images[1] ?? Buffer.alloc(0), { parentId: pointId(2), indexes: [] })
  expect((await other.describe(pointId(4)))?.description).toMatchObject({ writtenChunkCount: 1, storedChunkCount: 1 })
  for (const number of [1, 2, 3]) {
    expect((await restoreById(other, pointId(number))).equals(images[number - 1] ?? Buffer.alloc(0))).toBe(true)
  }
  // The broken copy is still there, and hurts nobody.
  expect((await other.verify()).damage).toMatchObject([{ chunkId, hurts: [] }])
  await other.collect()
  expect((await other.verify()).damage).toEqual([])
  expect(other.chunks.damage.chunks).toEqual([])
  await other.close()
})

test('a restore that meets damage first tells the store, so that the next backup heals it', async () => {
  await using folder = await scratchFolder()
  const { repository, images } = await threePoints(folder.path)
  await flip(folder.path, repository, 5)
  await expect(restoreById(repository, pointId(1))).rejects.toMatchObject({ name: 'DamageError' })
  await backUp(repository, pointId(4), images[2] ?? Buffer.alloc(0), { parentId: pointId(3), indexes: [] })
  expect((await restoreById(repository, pointId(1))).equals(images[0] ?? Buffer.alloc(0))).toBe(true)
  await repository.close()
})

test('a segment that is lost is found, and an incremental backup on top of it reads all of it again', async () => {
  await using folder = await scratchFolder()
  const { repository, images } = await threePoints(folder.path)
  for (const name of await readdir(packFolder(folder.path))) await rm(join(packFolder(folder.path), name))
  const { damage } = await repository.verify({ expected: [1, 2, 3, 4].map(pointId) })
  const named = new Set(damage.flatMap(({ hurts }) => hurts.map(({ recoveryPointId }) => recoveryPointId)))
  expect(named).toEqual(new Set([1, 2, 3, 4].map(pointId)))
  expect(damage.filter(({ what }) => what === 'segment')).toHaveLength(3)
  await backUp(repository, pointId(5), images[2] ?? Buffer.alloc(0), { parentId: pointId(3), indexes: [0] })
  expect((await restoreById(repository, pointId(5))).equals(images[2] ?? Buffer.alloc(0))).toBe(true)
  await expect(repository.collect()).rejects.toMatchObject({ code: 'conflict' })
  await repository.remove(pointId(1))
  await repository.remove(pointId(2))
  await repository.collect()
  expect((await repository.verify({ expected: [pointId(3), pointId(5)] })).damage).toEqual([])
  await repository.close()
})

test('a rolling verify reads a bit at a time and comes round', async () => {
  await using folder = await scratchFolder()
  const { repository } = await threePoints(folder.path)
  await flip(folder.path, repository, 15)
  let afterPack: string | undefined
  let found = 0
  let packs = 0
  for (let step = 0; step < 50; step++) {
    const report = await repository.verify({ afterPack, mostBytes: 1 })
    expect(report.checkedPacks).toBe(1)
    packs++
    found += report.damage.length
    afterPack = report.nextPack
    if (!afterPack) break
  }
  expect(packs).toBe((await readdir(packFolder(folder.path))).length)
  expect(found).toBeGreaterThan(0)
  await repository.close()
})

test('a key that is lost hurts what it sealed alone, and is named; with every key lost nothing is made up', async () => {
  await using folder = await scratchFolder()
  const { repository } = await threePoints(folder.path)
  const keyFolder = join(packFolder(folder.path), '..', 'keys')
  await repository.rotateKey()
  const own = randomBytesOf(seededRandom(62), 5 * chunkBytes)
  await backUp(repository, pointId(4), own)
  const [first, second] = repository.chunks.keyring.ids
  const current = repository.chunks.keyring.current.id.toString('hex')
  const earlier = first === current ? second : first
  await repository.close()
  for (const copy of ['a', 'b']) await rm(join(keyFolder, `${earlier}.${copy}`))
  const other = await scratchRepository(folder.path, { cache: 'other' })
  expect((await restoreById(other, pointId(4))).equals(own)).toBe(true)
  const error = await restoreById(other, pointId(1)).catch((reason) => reason)
  expect(error).toMatchObject({ name: 'DamageError', message: expect.stringContaining(`key ${earlier}`) })
  const { damage } = await other.verify()
  const named = new Set(damage.flatMap(({ hurts }) => hurts.map(({ recoveryPointId }) => recoveryPointId)))
  expect(named).toEqual(new Set([1, 2, 3].map(pointId)))
  await expect(other.collect()).rejects.toMatchObject({ code: 'conflict' })
  await other.close()

  for (const name of await readdir(keyFolder)) await rm(join(keyFolder, name))
  await expect(scratchRepository(folder.path, { cache: 'third' })).rejects.toMatchObject({
    name: 'DamageError',
    message: expect.stringContaining('All keys'),
  })
  expect(await readdir(keyFolder)).toEqual([])
})

test('broken off between two packs, what was found until then is kept in mind, and the next one goes on there', async () => {
  await using folder = await scratchFolder()
  const repository = await scratchRepository(folder.path, { packBytes: 64 * 1024 })
  const image = randomBytesOf(seededRandom(46), 12 * chunkBytes)
  await backUp(repository, pointId(1), image)
  const packs = (await collected(repository.chunks.store.list(`${datastoreId}/${tenantId}/packs/`))).map(
    ({ key }) => key,
  )
  const [first = ''] = packs.sort()
  const bytes = (await repository.chunks.store.get(first)) ?? Buffer.alloc(0)
  bytes[100] = (bytes[100] ?? 0) ^ 1
  await repository.chunks.store.put(first, [bytes])
  const stop = new AbortController()
  let seen = ''
  const onPack = ({ packId }: { packId: string }) => {
    seen = packId
    stop.abort()
  }
  await expect(repository.verify({ signal: stop.signal, onPack })).rejects.toMatchObject({ name: 'AbortError' })
  expect(first).toContain(seen)
  expect(await repository.hasDamage()).toBe(true)
  const rest = await repository.verify({ afterPack: seen })
  expect(rest.checkedPacks).toBe(packs.length - 1)
  expect(rest.damage).toMatchObject([{ objectKey: first, hurts: [{ recoveryPointId: pointId(1) }] }])
  await backUp(repository, pointId(2), image)
  expect((await repository.verify({ mostBytes: 0 })).damage).toEqual([])
  await repository.close()
})
