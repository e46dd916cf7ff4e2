import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { chunkBytes } from './layout.ts'
import type { Repository } from './repository.ts'
import { pick, seededRandom } from './testing/random.ts'
import {
  backUp,
  changeImage,
  collected,
  datastoreId,
  pointId,
  randomImage,
  restore,
  restoreById,
  scratchFolder,
  scratchRepository,
  tenantId,
} from './testing/scratch.ts'

vi.setConfig({ testTimeout: 120_000 })

const filesOf = async (folder: string, kind: string) => {
  const path = join(folder, 'store', datastoreId, tenantId, kind)
  return (await readdir(path).catch(() => [])).map((name) => join(path, name))
}

async function storedBytes(folder: string): Promise<number> {
  const sizes = await Promise.all((await filesOf(folder, 'packs')).map(async (path) => (await stat(path)).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

test('what nothing names goes, what lives moves, and no manifest changes', async () => {
  await using folder = await scratchFolder()
  const random = seededRandom(11)
  const image = randomImage(random, 60 * chunkBytes)
  const repository = await scratchRepository(folder.path)
  const states: Buffer[] = []
  for (let number = 0; number < 5; number++) {
    const indexes = number > 0 ? changeImage(random, image, 20) : undefined
    await backUp(repository, pointId(number), image, { ...(indexes && { indexes, parentId: pointId(number - 1) }) })
    states.push(Buffer.from(image))
  }
  const manifests = await Promise.all(
    (await filesOf(folder.path, 'manifests'))
      .sort()
      .slice(-2)
      .map((path) => readFile(path)),
  )
  const before = await storedBytes(folder.path)
  for (const number of [0, 1, 2]) await repository.remove(pointId(number))
  expect(await collected(repository.recoveryPointIds())).toEqual([pointId(3), pointId(4)])
  const report = await repository.collect()
  expect(report).toMatchObject({ removedRecoveryPoints: 3, waiting: 0 })
  expect(report.movedChunks).toBeGreaterThan(0)
  expect(before - (await storedBytes(folder.path))).toBe(report.freedBytes)
  expect(report.freedBytes).toBeGreaterThan(before / 4)
  const after = await Promise.all((await filesOf(folder.path, 'manifests')).sort().map((path) => readFile(path)))
  expect(after.map((bytes) => bytes.toString('hex'))).toEqual(manifests.map((bytes) => bytes.toString('hex')))
  for (const number of [3, 4])
    expect((await restoreById(repository, pointId(number))).equals(states[number] ?? image)).toBe(true)
  expect((await repository.verify()).damage).toEqual([])
  await repository.close()
  const another = await scratchRepository(folder.path, { cache: 'another' })
  expect((await restoreById(another, pointId(3))).equals(states[3] ?? image)).toBe(true)
  for (const number of [3, 4]) await another.remove(pointId(number))
  await another.collect()
  expect(await filesOf(folder.path, 'packs')).toEqual([])
  await another.close()
})

test('a restore under way reads on while its recovery point is removed, from another process that moves its chunks', async () => {
  await using folder = await scratchFolder()
  const random = seededRandom(12)
  const image = randomImage(random, 60 * chunkBytes)
  const first = await scratchRepository(folder.path)
  await backUp(first, pointId(1), image)
  const state = Buffer.from(image)
  const indexes = changeImage(random, image, 30)
  await backUp(first, pointId(2), image, { parentId: pointId(1), indexes })
  const point = await first.recoveryPoint(pointId(1))
  const other = await scratchRepository(folder.path, { cache: 'another' })
  await other.remove(pointId(1))
  await expect(first.recoveryPoint(pointId(1))).rejects.toMatchObject({ code: 'not-found' })
  expect(await other.collect()).toMatchObject({ removedRecoveryPoints: 0, waiting: 1 })
  expect((await restore(point)).equals(state)).toBe(true)
  await point.close()
  expect(await other.collect()).toMatchObject({ removedRecoveryPoints: 1, waiting: 0 })
  // The first one still has the old map.
  expect((await restoreById(first, pointId(2))).equals(image)).toBe(true)
  await first.close()
  await other.close()
})

test('a backup under way counts on chunks that nothing else names any more', async () => {
  await using folder = await scratchFolder()
  const image = randomImage(seededRandom(13), 30 * chunkBytes)
  const repository = await scratchRepository(folder.path)
  await backUp(repository, pointId(1), image)
  const backup = await repository.startBackup({ id: pointId(2), disks: [{ name: 'vda', sizeBytes: image.length }] })
  await backup.write('vda', 0, image.subarray(0, 15 * chunkBytes))
  const incremental = await repository.startBackup({
    id: pointId(3),
    parentId: pointId(1),
    disks: [{ name: 'vda', sizeBytes: image.length }],
  })
  const other = await scratchRepository(folder.path, { cache: 'another' })
  await other.remove(pointId(1))
  expect((await other.collect()).waiting).toBeGreaterThan(0)
  await backup.write('vda', 15, image.subarray(15 * chunkBytes))
  await backup.commit()
  await incremental.commit()
  for (let round = 0; round < 3; round++) await other.collect()
  for (const id of [pointId(2), pointId(3)]) expect((await restoreById(repository, id)).equals(image)).toBe(true)
  expect((await other.verify()).damage).toEqual([])
  await repository.close()
  await other.close()
})

test('what a backup that died left behind goes when its session has stood still for the lease', async () => {
  await using folder = await scratchFolder()
  const image = randomImage(seededRandom(14), 30 * chunkBytes)
  const dead = await scratchRepository(folder.path)
  const backup = await dead.startBackup({ id: pointId(1), disks: [{ name: 'vda', sizeBytes: image.length }] })
  await backup.write('vda', 0, image)
  await vi.waitFor(async () => expect((await filesOf(folder.path, 'packs')).length).toBeGreaterThan(0))
  const other = await scratchRepository(folder.path, { cache: 'another', sessionLeaseMs: 50 })
  await other.collect()
  expect((await filesOf(folder.path, 'packs')).length).toBeGreaterThan(0)
  await new Promise((resolve) => setTimeout(resolve, 80))
  await other.collect()
  await other.collect()
  expect(await filesOf(folder.path, 'packs')).toEqual([])
  // It was not dead after all, but learns that it must not commit.
  await expect(backup.commit()).rejects.toMatchObject({ code: 'unavailable' })
  expect(await collected(other.recoveryPointIds())).toEqual([])
  await dead.close()
  await other.close()
})

test('a new key seals everything anew in time, after which the earlier key may go', async () => {
  await using folder = await scratchFolder()
  const image = randomImage(seededRandom(15), 30 * chunkBytes)
  const repository = await scratchRepository(folder.path)
  await backUp(repository, pointId(1), image)
  const [earlier] = repository.chunks.keyring.ids
  await repository.rotateKey()
  await repository.collect({ reseal: true })
  for (const pack of repository.chunks.map.packs) if (!pack.gone) expect(pack.keyId.toString('hex')).not.toBe(earlier)
  expect((await restoreById(repository, pointId(1))).equals(image)).toBe(true)
  await repository.close()
})

test('two collectors at once, with backups, restores and removals between, lose nothing', async () => {
  await using folder = await scratchFolder()
  const random = seededRandom(16)
  const workers: Repository[] = []
  // One after the other: the first makes the datastore.
  for (const cache of ['a', 'b', 'c']) {
    workers.push(await scratchRepository(folder.path, { cache, packBytes: 128 * 1024 }))
  }
  const images = new Map<number, Buffer>()
  let next = 0
  let isOver = false
  const write = async (worker: number) => {
    const repository = workers[worker]
    const image = randomImage(random, 24 * chunkBytes)
    let parent: number | undefined
    for (let round = 0; round < 8 && repository; round++) {
      const indexes = parent === undefined ? undefined : changeImage(random, image, 6)
      const number = next++
      const state = Buffer.from(image)
      await backUp(repository, pointId(number), state, {
        ...(parent !== undefined && { parentId: pointId(parent), ...(indexes && { indexes }) }),
      })
      images.set(number, state)
      if (parent !== undefined && pick(random, 2) === 0) {
        images.delete(parent)
        await repository.remove(pointId(parent))
      }
      parent = number
    }
  }
  const collect = async (worker: number) => {
    while (!isOver) {
      await workers[worker]?.collect({ deadShare: 0.1 })
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const read = async () => {
    while (!isOver) {
      const [number, image] = [...images][pick(random, images.size)] ?? []
      await new Promise((resolve) => setTimeout(resolve, 2))
      if (number === undefined || !image) continue
      const restored = await restoreById(workers[0] ?? fail(), pointId(number)).catch((error) => {
        if (error.code === 'not-found' && !images.has(number)) return image
        throw error
      })
      expect(restored.equals(image)).toBe(true)
    }
  }
  const others = Promise.all([collect(1), collect(2), read()])
  await Promise.all([write(0), write(1), write(2)]).finally(() => {
    isOver = true
  })
  await others
  await workers[1]?.collect()
  for (const repository of workers) {
    expect((await repository.verify({ expected: [...images.keys()].map(pointId) })).damage).toEqual([])
    for (const [number, image] of images)
      expect((await restoreById(repository, pointId(number))).equals(image)).toBe(true)
    await repository.close()
  }
})

function fail(): never {
  throw new Error('unreachable')
}
