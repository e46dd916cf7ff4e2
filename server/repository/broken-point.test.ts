import { readdir, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chunkBytes } from './layout.ts'
import { randomBytesOf, seededRandom } from './testing/random.ts'
import { backUp, datastoreId, pointId, scratchFolder, scratchRepository, tenantId } from './testing/scratch.ts'

/** Each of the points has one chunk that the one before it has not; with the packs that each of them added. */
async function chain(folder: string) {
  const repository = await scratchRepository(folder)
  const packFolder = join(folder, 'store', datastoreId, tenantId, 'packs')
  const random = seededRandom(62)
  const image = randomBytesOf(random, 8 * chunkBytes)
  const packs: string[][] = []
  for (const number of [1, 2, 3]) {
    const before = await readdir(packFolder).catch((): string[] => [])
    if (number > 1) randomBytesOf(random, chunkBytes).copy(image, number * chunkBytes)
    const parent = number > 1 ? { parentId: pointId(number - 1), indexes: [number] } : {}
    await backUp(repository, pointId(number), image, parent)
    packs.push(
      (await readdir(packFolder)).filter((name) => !before.includes(name)).map((name) => join(packFolder, name)),
    )
  }
  const all = [1, 2, 3].map(pointId)
  return { repository, image, packs, all }
}

test.each([
  ['gone', (path: string) => rm(path)],
  ['cut short', (path: string) => truncate(path, 100)],
])('those that need a pack which is %s are named, and no others', async (_, hurt) => {
  await using folder = await scratchFolder()
  const { repository, packs, all } = await chain(folder.path)
  expect(await repository.brokenOf(all)).toEqual(new Set())
  for (const path of packs[1] ?? []) await hurt(path)
  expect(await repository.brokenOf(all)).toEqual(new Set([pointId(2), pointId(3)]))
  expect(await repository.brokenOf([pointId(1)])).toEqual(new Set())
})

test('one that is gone, or hidden, is named', async () => {
  await using folder = await scratchFolder()
  const { repository, all } = await chain(folder.path)
  await repository.remove(pointId(3))
  expect(await repository.brokenOf([...all, pointId(4)])).toEqual(new Set([pointId(3), pointId(4)]))
})

test('what several share is read once', async () => {
  await using folder = await scratchFolder()
  const { repository, image } = await chain(folder.path)
  await backUp(repository, pointId(4), image, { parentId: pointId(3), indexes: [] })
  const { store } = repository.chunks
  const reads: string[] = []
  const { get, getPieces } = store
  store.get = (key, range) => {
    reads.push(key)
    return get.call(store, key, range)
  }
  store.getPieces &&= (key, ranges) => {
    reads.push(key)
    return getPieces?.call(store, key, ranges) ?? Promise.resolve(undefined)
  }
  const readsOf = async (ids: string[]) => {
    reads.length = 0
    expect(await repository.brokenOf(ids)).toEqual(new Set())
    return reads.filter((key) => key.includes('/packs/')).length
  }
  expect(await readsOf([pointId(3)])).toBeGreaterThan(0)
  expect(await readsOf([pointId(3), pointId(4)])).toBe(await readsOf([pointId(3)]))
})
