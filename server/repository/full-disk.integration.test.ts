import { execFile } from 'node:child_process'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { Datastore } from './datastore.ts'
import { FolderStore } from './folder-store.ts'
import { chunkBytes } from './layout.ts'
import { randomBytesOf, seededRandom } from './testing/random.ts'
import {
  backUp,
  collected,
  datastoreId,
  pointId,
  restoreById,
  scratchFolder,
  tenantId,
  testMasters,
  testPool,
} from './testing/scratch.ts'

const run = promisify(execFile)
const isRoot = process.getuid?.() === 0

async function openAt(root: string, cacheFolder: string, isNew = false) {
  const store = isNew ? await FolderStore.prepare(root) : await FolderStore.open(root)
  const options = { store, id: datastoreId, masters: testMasters, cacheFolder, pool: testPool, packBytes: 512 * 1024 }
  const datastore = isNew ? await Datastore.create(options) : await Datastore.open(options)
  return datastore.repository(tenantId)
}

describe.skipIf(!isRoot)(`on a small file system${isRoot ? '' : ': it needs root'}`, () => {
  test('a full disk fails the backup, tears nothing, and room made lets it go on', { timeout: 120_000 }, async () => {
    await using folder = await scratchFolder()
    const root = join(folder.path, 'disk')
    await mkdir(root)
    await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', root])
    try {
      const repository = await openAt(root, join(folder.path, 'cache'), true)
      const random = seededRandom(31)
      const images = new Map<string, Buffer>()
      let failure: unknown
      for (let number = 1; number < 40 && !failure; number++) {
        const image = randomBytesOf(random, 17 * chunkBytes)
        failure = await backUp(repository, pointId(number), image).then(
          () => undefined,
          (error) => error,
        )
        if (!failure) images.set(pointId(number), image)
      }
      expect(failure).toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('is full'),
        wayOut: expect.any(String),
      })
      expect((await collected(repository.recoveryPointIds())).sort()).toEqual([...images.keys()])
      expect(images.size).toBeGreaterThan(2)
      expect((await repository.verify()).damage).toEqual([])
      for (const [id, image] of images) expect((await restoreById(repository, id)).equals(image)).toBe(true)
      // No half-written file takes the room that is left.
      expect((await readdir(join(root, '.skerry'))).filter((name) => name !== 'reserve')).toEqual([])

      await repository.remove(pointId(1))
      await repository.remove(pointId(2))
      const { freedBytes } = await repository.collect()
      expect(freedBytes).toBeGreaterThan(2 * 17 * chunkBytes)
      const image = randomBytesOf(random, 17 * chunkBytes)
      await backUp(repository, pointId(99), image)
      expect((await restoreById(repository, pointId(99))).equals(image)).toBe(true)
      await repository.close()
    } finally {
      await run('umount', [root])
    }
  })

  test('a folder that is read-only still restores; one that is gone says so and nothing is called damaged', async () => {
    await using folder = await scratchFolder()
    const root = join(folder.path, 'disk')
    const cache = join(folder.path, 'cache')
    await mkdir(root)
    await run('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', root])
    try {
      const image = randomBytesOf(seededRandom(32), 20 * chunkBytes)
      const repository = await openAt(root, cache, true)
      await backUp(repository, pointId(1), image)
      await run('mount', ['-o', 'remount,ro', root])
      const point = await repository.recoveryPoint(pointId(1))
      expect((await point.read('vda', 0, image.length)).equals(image)).toBe(true)
      await expect(backUp(repository, pointId(2), image)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('read-only'),
      })
      await run('mount', ['-o', 'remount,rw', root])
      await run('umount', [root])
      for (const step of [
        () => point.read('vda', 0, 100),
        () => repository.recoveryPoint(pointId(1)),
        () => backUp(repository, pointId(3), image),
        () => repository.verify(),
        () => openAt(root, join(folder.path, 'other')),
      ]) {
        await expect(step()).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('is gone') })
      }
      await repository.close()
    } finally {
      await run('umount', [root]).catch(() => undefined)
    }
  })
})
