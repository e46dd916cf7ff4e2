import { expect, test, vi } from 'vitest'
import { chunkBytes } from './layout.ts'
import { randomBytesOf, seededRandom } from './testing/random.ts'
import { backUp, pointId, scratchFolder, scratchRepository } from './testing/scratch.ts'

vi.setConfig({ testTimeout: 60_000 })

test('unique bytes are what removing gives back; ratios tell what sharing and compression save', async () => {
  await using folder = await scratchFolder()
  const repository = await scratchRepository(folder.path, { packBytes: 64 * 1024 })
  const random = seededRandom(41)
  // Noise does not compress: eight chunks of it, and one of text.
  const image = Buffer.concat([
    randomBytesOf(random, 8 * chunkBytes),
    Buffer.alloc(chunkBytes, 'text '),
    Buffer.alloc(chunkBytes),
  ])
  await backUp(repository, pointId(1), image)
  randomBytesOf(random, 2 * chunkBytes).copy(image)
  await backUp(repository, pointId(2), image, { parentId: pointId(1), indexes: [0, 1] })
  await backUp(repository, pointId(3), image, { parentId: pointId(2), indexes: [] })

  const { recoveryPoints, dedupRatio, compressionRatio, deadBytes, storedBytes } = await repository.usage()
  const usageOf = (number: number) => recoveryPoints.find(({ recoveryPointId }) => recoveryPointId === pointId(number))
  for (const number of [1, 2, 3])
    expect(usageOf(number)).toMatchObject({ diskBytes: 10 * chunkBytes, contentBytes: 9 * chunkBytes })
  const isAbout = (bytes: number | undefined, chunks: number) => {
    expect(bytes).toBeGreaterThanOrEqual(chunks * chunkBytes)
    expect(bytes).toBeLessThan(chunks * chunkBytes + 12_000)
  }
  isAbout(usageOf(1)?.uniqueBytes, 2)
  isAbout(usageOf(1)?.sharedBytes, 6)
  for (const number of [2, 3]) {
    expect(usageOf(number)?.uniqueBytes).toBe(0)
    isAbout(usageOf(number)?.sharedBytes, 8)
  }
  expect(dedupRatio).toBeCloseTo(27 / 11, 5)
  expect(compressionRatio).toBeGreaterThan(1.05)
  expect(compressionRatio).toBeLessThan(1.11)
  expect(deadBytes).toBeLessThan(12_000)
  isAbout(storedBytes, 10)

  await repository.remove(pointId(1))
  isAbout((await repository.usage()).deadBytes, 2)
  await repository.collect({ deadShare: 0.01 })
  const after = await repository.usage()
  expect(storedBytes - after.storedBytes).toBeGreaterThan(2 * chunkBytes)
  expect(after.deadBytes).toBeLessThan(12_000)
  await repository.close()
})

test('what only one VM’s recovery points name is its own, though several of them name it', async () => {
  await using folder = await scratchFolder()
  const repository = await scratchRepository(folder.path, { packBytes: 64 * 1024 })
  const random = seededRandom(42)
  const both = randomBytesOf(random, 2 * chunkBytes)
  const imageOf = (chunks: number) => Buffer.concat([both, randomBytesOf(random, chunks * chunkBytes)])
  const [one, two] = [imageOf(3), imageOf(1)]
  await backUp(repository, pointId(1), one, { vm: 'one' })
  await backUp(repository, pointId(2), one, { vm: 'one', parentId: pointId(1), indexes: [] })
  await backUp(repository, pointId(3), two, { vm: 'two' })
  const { vms, recoveryPoints } = await repository.usage()
  const own = (name: string) => Math.floor((vms.find(({ vm }) => vm === name)?.ownBytes ?? 0) / chunkBytes)
  expect([own('one'), own('two')]).toEqual([3, 1])
  expect(recoveryPoints.find(({ recoveryPointId }) => recoveryPointId === pointId(1))?.uniqueBytes).toBe(0)
  await repository.remove(pointId(1))
  await repository.remove(pointId(2))
  const { deadBytes } = await repository.usage()
  expect(Math.floor(deadBytes / chunkBytes)).toBe(3)
  await repository.close()
})
