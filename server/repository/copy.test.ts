import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { copyRecoveryPoint, proveCopy, unlikeChunks } from './copy.ts'
import { chunkBytes } from './layout.ts'
import { masterKeys } from './master-key.ts'
import type { RecoveryPoint } from './recovery-point.ts'
import type { Repository } from './repository.ts'
import { seededRandom } from './testing/random.ts'
import {
  backUp,
  changeImage,
  pointId,
  randomImage,
  restoreById,
  scratchFolder,
  scratchRepository,
} from './testing/scratch.ts'

const chunks = 300
const archiveMasters = masterKeys([Buffer.alloc(32, 77)])

async function twoRepositories() {
  const [near, far] = [await scratchFolder(), await scratchFolder()]
  const from = await scratchRepository(near.path)
  const to = await scratchRepository(far.path, { masters: archiveMasters })
  return {
    from,
    to,
    near,
    far,
    async [Symbol.asyncDispose]() {
      await Promise.all([from.close(), to.close()])
      await Promise.all([near, far].map((folder) => folder[Symbol.asyncDispose]()))
    },
  }
}

const opened = async <T>(repository: Repository, id: string, use: (point: RecoveryPoint) => Promise<T>): Promise<T> => {
  const point = await repository.recoveryPoint(id)
  try {
    return await use(point)
  } finally {
    await point.close()
  }
}
const copied = (from: Repository, to: Repository, id: string, parentId?: string) =>
  opened(from, id, (point) => copyRecoveryPoint({ from, to, point, parentId }))
const proven = (from: Repository, to: Repository, id: string) =>
  opened(from, id, (original) => opened(to, id, (copy) => proveCopy({ original, copy })))

test('a chain is copied: the first in full, then what has changed; each is proven and restores alone', async () => {
  await using both = await twoRepositories()
  const { from, to, near } = both
  const random = seededRandom(3)
  const image = randomImage(random, chunks * chunkBytes + 5)
  const images: Buffer[] = []
  for (const number of [1, 2, 3]) {
    const indexes = number === 1 ? undefined : changeImage(random, image, 9)
    await backUp(from, pointId(number), image, indexes ? { indexes, parentId: pointId(number - 1) } : {})
    images.push(Buffer.from(image))
  }
  await copied(from, to, pointId(1))
  await copied(from, to, pointId(2), pointId(1))
  // The one that the archive knows is gone from the datastore: what differs is told by the ids alone.
  await from.remove(pointId(2))
  await copied(from, to, pointId(3), pointId(2))
  const [second, third] = [await to.describe(pointId(2)), await to.describe(pointId(3))]
  expect(second?.description.writtenChunkCount).toBeLessThanOrEqual(9)
  expect(third?.description.writtenChunkCount).toBeLessThanOrEqual(9)
  expect(await proven(from, to, pointId(1))).toBeGreaterThan(0)
  expect(await proven(from, to, pointId(3))).toBeGreaterThan(0)
  await rename(join(near.path, 'store'), join(near.path, 'away'))
  for (const number of [1, 2, 3]) {
    expect((await restoreById(to, pointId(number))).equals(images[number - 1] ?? Buffer.alloc(0))).toBe(true)
  }
  await rename(join(near.path, 'away'), join(near.path, 'store'))
})

test('what was proven with an earlier one is not read back again', async () => {
  await using both = await twoRepositories()
  const { from, to } = both
  const random = seededRandom(4)
  const image = randomImage(random, chunks * chunkBytes)
  await backUp(from, pointId(1), image)
  const indexes = changeImage(random, image, 4)
  await backUp(from, pointId(2), image, { indexes, parentId: pointId(1) })
  await copied(from, to, pointId(1))
  await copied(from, to, pointId(2), pointId(1))
  const readBack = await opened(from, pointId(1), (original) =>
    opened(to, pointId(1), (copy) =>
      opened(from, pointId(2), (next) =>
        opened(to, pointId(2), (nextCopy) => proveCopy({ original: next, copy: nextCopy, proven: { original, copy } })),
      ),
    ),
  )
  expect(readBack).toBeLessThanOrEqual(4 * chunkBytes)
})

test('a copy of another content is found out, whatever its own seals say', async () => {
  await using both = await twoRepositories()
  const { from, to } = both
  const image = randomImage(seededRandom(5), 40 * chunkBytes)
  await backUp(from, pointId(1), image)
  image.fill(1, 7 * chunkBytes, 7 * chunkBytes + 1)
  await backUp(to, pointId(1), image)
  await expect(proven(from, to, pointId(1))).rejects.toMatchObject({ message: expect.stringMatching(/byte 458752/) })
})

test('what differs between two repositories is told without reading the other one', async () => {
  await using both = await twoRepositories()
  const { from, to } = both
  const random = seededRandom(6)
  const image = randomImage(random, chunks * chunkBytes)
  await backUp(from, pointId(1), image)
  await copied(from, to, pointId(1))
  const changed = changeImage(random, image, 5)
  await backUp(from, pointId(2), image)
  const found = await opened(from, pointId(2), (present) =>
    opened(to, pointId(1), async (past) => {
      const indexes: number[] = []
      for await (const { index } of unlikeChunks(present, past, 'vda')) indexes.push(index)
      return indexes
    }),
  )
  expect(found.every((index) => changed.includes(index))).toBe(true)
  expect(found.length).toBeGreaterThan(0)
})

test('a copy that was removed can be made again under its id, also beside another one', async () => {
  await using both = await twoRepositories()
  const { from, to } = both
  const image = randomImage(seededRandom(7), 30 * chunkBytes)
  await backUp(from, pointId(1), image)
  await backUp(from, pointId(2), image, { parentId: pointId(1), indexes: [] })
  await copied(from, to, pointId(1))
  await copied(from, to, pointId(2), pointId(1))
  await to.remove(pointId(2))
  await copied(from, to, pointId(2), pointId(1))
  await proven(from, to, pointId(2))
  await to.remove(pointId(2))
  await opened(to, pointId(1), () =>
    expect(copied(from, to, pointId(2), pointId(1))).rejects.toMatchObject({ code: 'conflict' }),
  )
})
