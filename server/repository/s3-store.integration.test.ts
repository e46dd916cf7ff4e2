import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Datastore } from './datastore.ts'
import { chunkBytes } from './layout.ts'
import type { ObjectStore } from './object-store.ts'
import { S3Store } from './s3-store.ts'
import { Radosgw, radosgwMissing } from './testing/radosgw.ts'
import { randomBytesOf, seededRandom } from './testing/random.ts'
import {
  backUp,
  changeImage,
  collected,
  datastoreId,
  pointId,
  randomImage,
  restoreById,
  scratchFolder,
  tenantId,
  testMasters,
  testPool,
} from './testing/scratch.ts'
import { storeProxy } from './testing/store-proxy.ts'

const missing = radosgwMissing()

async function openRepository(store: ObjectStore, cacheFolder: string, id = datastoreId) {
  const options = { store, id, masters: testMasters, cacheFolder, pool: testPool, packBytes: 256 * 1024 }
  const datastore = (await store.get(`${id}/datastore`))
    ? await Datastore.open(options)
    : await Datastore.create(options)
  return datastore.repository(tenantId)
}

describe.skipIf(missing)(`with Ceph's object gateway${missing ? `: ${missing}` : ''}`, () => {
  let gateway: Radosgw
  let bucketCount = 0

  beforeAll(async () => {
    gateway = await Radosgw.start()
  })
  afterAll(() => gateway?.stop())

  async function newBucket(): Promise<string> {
    const bucket = `backups-${++bucketCount}`
    const { endpoint, accessKeyId, secretAccessKey } = gateway.settings(bucket)
    const credentials = { accessKeyId, secretAccessKey }
    const client = new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true })
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    client.destroy()
    return bucket
  }

  test('objects: put, ranges, listings over pages, delete', async () => {
    const store = await S3Store.open({ ...gateway.settings(await newBucket()), prefix: 'some/where' })
    await store.put('a/one', [Buffer.from('hello '), Buffer.from('world')])
    expect((await store.get('a/one'))?.toString()).toBe('hello world')
    expect((await store.get('a/one', { offset: 6, bytes: 3 }))?.toString()).toBe('wor')
    expect((await store.get('a/one', { offset: 6, bytes: 300 }))?.toString()).toBe('world')
    expect((await store.get('a/one', { offset: -5, bytes: 5 }))?.toString()).toBe('world')
    expect((await store.get('a/one', { offset: -500, bytes: 500 }))?.toString()).toBe('hello world')
    expect(await store.get('a/one', { offset: 500, bytes: 5 })).toHaveLength(0)
    expect(await store.get('a/none')).toBeUndefined()
    const [before] = await collected(store.list('a/'))
    await store.put('a/one', [Buffer.from('again')])
    const [after] = await collected(store.list('a/'))
    expect(before?.key).toBe('a/one')
    expect(after?.version).not.toBe(before?.version)
    const names = Array.from({ length: 1030 }, (_, number) => `many/${number}`)
    for (let at = 0; at < names.length; at += 50) {
      await Promise.all(names.slice(at, at + 50).map((name) => store.put(name, [Buffer.from('x')])))
    }
    expect((await collected(store.list('many/'))).map(({ key }) => key).sort()).toEqual(names.sort())
    await store.delete('a/one')
    await store.delete('a/one')
    expect(await collected(store.list('a/'))).toEqual([])
    store.close()
  })

  test('backups, restores, verify and collect in a bucket; damage is healed there too', async () => {
    await using folder = await scratchFolder()
    const store = await S3Store.open(gateway.settings(await newBucket()))
    const repository = await openRepository(store, folder.path)
    const random = seededRandom(21)
    const image = randomImage(random, 40 * chunkBytes + 17)
    await backUp(repository, pointId(1), image)
    const first = Buffer.from(image)
    await backUp(repository, pointId(2), image, { parentId: pointId(1), indexes: changeImage(random, image, 12) })
    expect((await restoreById(repository, pointId(1))).equals(first)).toBe(true)
    expect((await restoreById(repository, pointId(2))).equals(image)).toBe(true)
    const packs = await collected(store.list(`${datastoreId}/${tenantId}/packs/`))
    const [pack] = packs
    const bytes = await store.get(pack?.key ?? '')
    if (!bytes) throw new Error('no pack')
    bytes[1000] = (bytes[1000] ?? 0) ^ 1
    await store.put(pack?.key ?? '', [bytes])
    const { damage } = await repository.verify()
    expect(damage).toHaveLength(1)
    expect(damage[0]).toMatchObject({ objectKey: pack?.key })
    await backUp(repository, pointId(3), first)
    await repository.remove(pointId(2))
    await repository.collect({ deadShare: 0.01 })
    expect((await repository.verify()).damage).toEqual([])
    expect((await restoreById(repository, pointId(1))).equals(first)).toBe(true)
    await repository.close()
    store.close()
  })

  test('a wrong secret, an unknown key, no bucket, no store: each says so', async () => {
    const bucket = await newBucket()
    const settings = gateway.settings(bucket)
    const open = (changes: object) => S3Store.open({ ...settings, timeoutMs: 2000, ...changes })
    await expect(open({ secretAccessKey: 'wrong' })).rejects.toMatchObject({
      message: expect.stringContaining('secret is wrong'),
    })
    await expect(open({ accessKeyId: 'nobody' })).rejects.toMatchObject({
      message: expect.stringContaining('secret is wrong'),
    })
    await expect(open({ bucket: 'not-there' })).rejects.toMatchObject({
      message: expect.stringContaining('no such bucket'),
    })
    await expect(open({ endpoint: 'http://127.0.0.1:1' })).rejects.toMatchObject({
      message: expect.stringContaining('does not answer'),
    })
    for (const changes of [{ secretAccessKey: 'wrong-secret-text' }, { bucket: 'not-there' }]) {
      const error = await open(changes).catch((reason) => reason)
      expect(error).toMatchObject({ code: 'unavailable', wayOut: expect.any(String) })
      expect(`${error.message} ${error.wayOut}`).not.toContain('wrong-secret-text')
    }
  })

  test('a full bucket fails the backup, leaves no torn recovery point and reads on', { timeout: 240_000 }, async () => {
    await using folder = await scratchFolder()
    const bucket = await newBucket()
    const store = await S3Store.open(gateway.settings(bucket))
    const repository = await openRepository(store, folder.path)
    const image = randomImage(seededRandom(22), 20 * chunkBytes)
    await backUp(repository, pointId(1), image)
    await gateway.admin('quota', 'set', '--quota-scope=bucket', '--uid=test', '--max-size=2M')
    await gateway.admin('quota', 'enable', '--quota-scope=bucket', '--uid=test')
    try {
      // The gateway goes by what it knows of the bucket's size, which it may not look up at once.
      const random = seededRandom(23)
      let failure: unknown
      for (let number = 2; number < 40 && !failure; number++) {
        failure = await backUp(repository, pointId(number), randomBytesOf(random, 30 * chunkBytes)).catch(
          (error) => error,
        )
        if (!failure) await new Promise((resolve) => setTimeout(resolve, 1000))
      }
      // Which object it was is for operators.
      expect(failure).toMatchObject({
        ...{ code: 'unavailable', message: expect.stringMatching(/ is full: could not write to it\.$/) },
        detail: expect.stringMatching(/^bucket \S+ at http\S+: \S+\/\S+$/),
      })
      expect((await repository.verify()).damage).toEqual([])
      expect((await restoreById(repository, pointId(1))).equals(image)).toBe(true)
    } finally {
      await gateway.admin('quota', 'disable', '--quota-scope=bucket', '--uid=test')
    }
    await repository.close()
    store.close()
  })

  test('requests that fail now and then are made again; a store that fails for good fails the backup alone', async () => {
    await using folder = await scratchFolder()
    const bucket = await newBucket()
    let count = 0
    let fails = (_: number) => false
    let hangs = false
    const proxy = await storeProxy(gateway.endpoint, (request, response) => {
      if (hangs) return true
      if (!fails(++count)) return false
      if (count % 2) request.socket.destroy()
      else response.writeHead(503).end()
      return true
    })
    const { endpoint } = proxy
    try {
      const store = new S3Store({ ...gateway.settings(bucket), endpoint, timeoutMs: 1000 })
      const repository = await openRepository(store, folder.path)
      const random = seededRandom(24)
      const image = randomImage(random, 30 * chunkBytes)
      fails = (number) => number % 5 === 0
      await backUp(repository, pointId(1), image)
      expect((await restoreById(repository, pointId(1))).equals(image)).toBe(true)
      for (const failing of [() => true, (number: number) => number > 4]) {
        const from = count
        fails = (number) => failing(number - from)
        const failure = await backUp(repository, pointId(2), randomBytesOf(random, 40 * chunkBytes)).catch(
          (error) => error,
        )
        expect(failure).toMatchObject({ code: 'unavailable', wayOut: expect.any(String) })
        fails = () => false
      }
      hangs = true
      const hanging = await backUp(repository, pointId(2), image).catch((error) => error)
      expect(hanging).toMatchObject({ code: 'unavailable', message: expect.stringContaining('does not answer') })
      hangs = false
      expect((await repository.verify()).damage).toEqual([])
      expect(await collected(repository.recoveryPointIds())).toEqual([pointId(1)])
      await backUp(repository, pointId(2), image)
      await repository.close()
      store.close()
    } finally {
      proxy.close()
    }
  })
})
