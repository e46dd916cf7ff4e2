import { createHash } from 'node:crypto'
import { cp, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { Datastore } from './datastore.ts'
import { chunkBytes } from './layout.ts'
import { masterKeys } from './master-key.ts'
import { pick, seededRandom } from './testing/random.ts'
import {
  backUp,
  changeImage,
  collected,
  datastoreId,
  pointId,
  randomImage,
  restoreById,
  scratchDatastoreOptions,
  scratchFolder,
  scratchRepository,
  tenantId,
} from './testing/scratch.ts'

vi.setConfig({ testTimeout: 60_000 })

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

test.each([0, 1, 511, chunkBytes - 1, chunkBytes, chunkBytes + 1, 3 * chunkBytes + 17, 65 * 1024 * 1024 + 4096])(
  'a disk of %i bytes comes back as it was, from the store alone',
  async (sizeBytes) => {
    await using folder = await scratchFolder()
    const image = randomImage(seededRandom(sizeBytes), sizeBytes)
    const writer = await scratchRepository(folder.path, { packBytes: 1024 * 1024 })
    await backUp(writer, pointId(1), image)
    await writer.close()
    const reader = await scratchRepository(folder.path, { cache: 'another-cache' })
    expect(sha256(await restoreById(reader, pointId(1)))).toBe(sha256(image))
    await reader.close()
  },
)

test('a chain of incremental backups: every point is whole, any range reads, differences are what changed', async () => {
  await using folder = await scratchFolder()
  const random = seededRandom(5)
  const image = randomImage(random, 40 * chunkBytes + 1000)
  const states = [Buffer.from(image)]
  const repository = await scratchRepository(folder.path)
  await backUp(repository, pointId(0), image)
  for (let number = 1; number <= 6; number++) {
    if (number === 4) await repository.rotateKey()
    const indexes = changeImage(random, image, 5)
    await backUp(repository, pointId(number), image, { parentId: pointId(number - 1), indexes })
    states.push(Buffer.from(image))
  }
  for (const [number, state] of states.entries()) {
    const point = await repository.recoveryPoint(pointId(number))
    for (let each = 0; each < 20; each++) {
      const offset = pick(random, state.length)
      const length = pick(random, Math.min(state.length - offset, 3 * chunkBytes) + 1)
      expect((await point.read('vda', offset, length)).equals(state.subarray(offset, offset + length))).toBe(true)
    }
    await point.close()
    expect((await restoreById(repository, pointId(number))).equals(state)).toBe(true)
  }
  const [from, to] = [await repository.recoveryPoint(pointId(6)), await repository.recoveryPoint(pointId(2))]
  const disk = Buffer.from(states[6] ?? '')
  let storedBytes = 0
  const indexes: number[] = []
  for await (const changed of repository.changedChunks(from, to, 'vda')) {
    storedBytes += changed.storedBytes
    indexes.push(changed.index)
  }
  for await (const { offset, length, bytes } of to.chunks(
    'vda',
    indexes.toSorted((a, b) => a - b),
  )) {
    disk.fill(0, offset, offset + length)
    bytes?.copy(disk, offset)
  }
  expect(disk.equals(states[2] ?? Buffer.alloc(0))).toBe(true)
  const isChanged = (index: number) => {
    const [start, end] = [index * chunkBytes, (index + 1) * chunkBytes]
    return !states[6]?.subarray(start, end).equals(states[2]?.subarray(start, end) ?? Buffer.alloc(0))
  }
  expect(indexes.length).toBeGreaterThan(3)
  expect(indexes.every(isChanged)).toBe(true)
  expect(await repository.difference(from, to, 'vda')).toMatchObject({ changedChunkCount: indexes.length, storedBytes })
  await from.close()
  await to.close()
  await repository.close()
})

test('zeros and what is there already cost nothing', async () => {
  await using folder = await scratchFolder()
  const repository = await scratchRepository(folder.path)
  const gib = 1024 ** 3
  const backup = await repository.startBackup({ id: pointId(1), disks: [{ name: 'vda', sizeBytes: 2048 * gib }] })
  await backup.write('vda', 16_384 * 2047, Buffer.alloc(chunkBytes, 'the only chunk'))
  await backup.writeZeros('vda', 16_384 * 5, 2000)
  const { description } = await backup.commit()
  expect(description.storedChunkCount).toBe(2)
  expect(description.disks[0]?.chunkCount).toBe(1)
  const again = await repository.startBackup({ id: pointId(2), disks: [{ name: 'vdb', sizeBytes: chunkBytes }] })
  await again.write('vdb', 0, Buffer.alloc(chunkBytes, 'the only chunk'))
  expect((await again.commit()).description.storedChunkCount).toBe(0)
  const sizes = await readdir(join(folder.path, 'store', datastoreId, tenantId, 'packs'))
  expect(sizes).toHaveLength(1)
  await repository.close()
})

test('nothing shows before the commit, and an abandoned backup leaves no recovery point', async () => {
  await using folder = await scratchFolder()
  const repository = await scratchRepository(folder.path)
  const backup = await repository.startBackup({ id: pointId(1), disks: [{ name: 'vda', sizeBytes: chunkBytes }] })
  await backup.write('vda', 0, Buffer.alloc(chunkBytes, 'x'))
  expect(await collected(repository.recoveryPointIds())).toEqual([])
  await backup.abort()
  expect(await collected(repository.recoveryPointIds())).toEqual([])
  await expect(repository.recoveryPoint(pointId(1))).rejects.toMatchObject({ code: 'not-found' })
  await backUp(repository, pointId(1), Buffer.alloc(chunkBytes, 'y'))
  expect(await collected(repository.recoveryPointIds())).toEqual([pointId(1)])
  await expect(backUp(repository, pointId(1), Buffer.alloc(1))).rejects.toMatchObject({ code: 'conflict' })
  await expect(readdir(join(folder.path, 'store', datastoreId, tenantId, 'sessions'))).resolves.toEqual([])
  await repository.close()
})

test('the chunks of two tenants tell nothing of each other', async () => {
  await using folder = await scratchFolder()
  const other = '00000000-0000-4000-8000-0000000000a2'
  const image = Buffer.alloc(chunkBytes, 'the same in both')
  const ids: string[] = []
  for (const tenant of [tenantId, other]) {
    const repository = await scratchRepository(folder.path, { tenantId: tenant })
    await backUp(repository, pointId(1), image)
    const point = await repository.recoveryPoint(pointId(1))
    ids.push((await point.chunkId('vda', 0)).toString('hex'))
    await point.close()
    await repository.close()
  }
  expect(ids[0]).not.toBe(ids[1])
})

test('what was written through one datastore opens through no other, wherever its object lies', async () => {
  await using folder = await scratchFolder()
  const other = '00000000-0000-4000-8000-0000000000d2'
  const repository = await scratchRepository(folder.path)
  await backUp(repository, pointId(1), randomImage(seededRandom(1), 10 * chunkBytes))
  await repository.close()
  const stranger = await scratchRepository(folder.path, { datastoreId: other })
  await expect(stranger.recoveryPoint(pointId(1))).rejects.toMatchObject({ code: 'not-found' })
  await stranger.close()

  const store = join(folder.path, 'store')
  await cp(join(store, datastoreId, tenantId, 'manifests'), join(store, other, tenantId, 'manifests'), {
    recursive: true,
  })
  const thief = await scratchRepository(folder.path, { datastoreId: other })
  await expect(thief.recoveryPoint(pointId(1))).rejects.toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('another datastore'),
  })
  await thief.close()
  await rm(join(store, other, tenantId, 'manifests'), { recursive: true })
  await cp(join(store, datastoreId, tenantId, 'packs'), join(store, other, tenantId, 'packs'), { recursive: true })
  const hoarder = await scratchRepository(folder.path, { datastoreId: other })
  const { damage } = await hoarder.verify()
  expect(damage.length).toBeGreaterThan(0)
  for (const { reason } of damage) expect(reason).toContain('written through another datastore')
  expect([...hoarder.chunks.map.packs]).toEqual([])
  await hoarder.close()
  await cp(join(store, datastoreId), join(store, other), { recursive: true, force: true })
  await expect(scratchRepository(folder.path, { datastoreId: other })).rejects.toMatchObject({ code: 'forbidden' })
})

test('what one tenant wrote opens for no other', async () => {
  await using folder = await scratchFolder()
  const other = '00000000-0000-4000-8000-0000000000a2'
  const repository = await scratchRepository(folder.path)
  await backUp(repository, pointId(1), randomImage(seededRandom(1), 10 * chunkBytes))
  await repository.close()
  await (await scratchRepository(folder.path, { tenantId: other })).close()
  const store = join(folder.path, 'store', datastoreId)
  await cp(join(store, tenantId, 'manifests'), join(store, other, 'manifests'), { recursive: true })
  const thief = await scratchRepository(folder.path, { tenantId: other })
  await expect(thief.recoveryPoint(pointId(1))).rejects.toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('another tenant'),
  })
  await thief.close()
})

test('what an attempt that broke off had stored is found again, and counted with what takes over from it', async () => {
  await using folder = await scratchFolder()
  const repository = await scratchRepository(folder.path)
  const image = randomImage(seededRandom(6), 400 * chunkBytes)
  const disks = [{ name: 'vda', sizeBytes: image.length }]
  const broken = await repository.startBackup({ id: pointId(1), disks })
  await broken.write('vda', 0, image.subarray(0, 300 * chunkBytes))
  await broken.abort()
  const packs = join(folder.path, 'store', datastoreId, tenantId, 'packs')
  const packBytes = async () => {
    const sizes = (await readdir(packs)).map(async (name) => (await stat(join(packs, name))).size)
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
  }
  const leftBytes = await packBytes()
  expect(leftBytes).toBeGreaterThan(0)
  await backUp(repository, pointId(1), image)
  const first = (await repository.describe(pointId(1)))?.description.storedBytes
  expect(first).toBe(await packBytes())
  expect(first).toBeGreaterThan(leftBytes)
  // Another one has nothing to do with that.
  await backUp(repository, pointId(2), image, { parentId: pointId(1), indexes: [] })
  expect((await repository.describe(pointId(2)))?.description.storedBytes).toBe((await packBytes()) - (first ?? 0))
  await repository.close()
})

test('another master key opens nothing; a new one takes over when the keys were wrapped anew', async () => {
  await using folder = await scratchFolder()
  const [earlier, newer] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  const image = randomImage(seededRandom(3), 8 * chunkBytes)
  const first = await scratchRepository(folder.path, { masters: masterKeys([earlier]) })
  await backUp(first, pointId(1), image)
  await first.close()

  await expect(scratchRepository(folder.path, { masters: masterKeys([newer]) })).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('master key'),
  })
  const both = await scratchDatastoreOptions(folder.path, { masters: masterKeys([newer, earlier]) })
  const datastore = await Datastore.open(both)
  await datastore.rewrap()
  const rewrapped = await datastore.repository(tenantId)
  await rewrapped.rewrapKeys()
  await rewrapped.close()

  const last = await scratchRepository(folder.path, { masters: masterKeys([newer]) })
  expect((await restoreById(last, pointId(1))).equals(image)).toBe(true)
  await last.close()
  await expect(scratchRepository(folder.path, { masters: masterKeys([earlier]) })).rejects.toThrow('master key')
})
