import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Operation } from '#prisma/generated/client.ts'
import { CredentialBox } from '#server/core/credential.ts'
import { sealStoreCredential } from '#server/core/store-credential.ts'
import { env } from '#server/env.ts'
import { Radosgw, radosgwMissing } from '#server/repository/testing/radosgw.ts'
import { backUp, restoreById } from '#server/repository/testing/scratch.ts'
import { storeProxy } from '#server/repository/testing/store-proxy.ts'
import type { S3Location } from '#server/schema/store.ts'
import { imageOf } from '#server/testing/datastore-trial.ts'
import { type TestEngine, testEngine } from '#server/testing/engine.ts'
import { type TestFleet, testFleet } from '#server/testing/fleet.ts'
import { testRepositories } from '#server/testing/repositories.ts'
import type { Repositories } from './repositories.ts'

const missing = radosgwMissing()

describe.skipIf(missing)(`datastores in a bucket of Ceph’s object gateway${missing ? `: ${missing}` : ''}`, () => {
  let gateway: Radosgw
  let fleet: TestFleet
  let engine: TestEngine
  let repositories: Repositories
  let cacheFolder: string
  let bucketCount = 0
  beforeAll(async () => {
    gateway = await Radosgw.start()
    fleet = await testFleet('datastores in s3', [])
    engine = await testEngine(fleet, { betweenAttemptsMs: 50 })
    cacheFolder = await mkdtemp(join(tmpdir(), 'skerry-s3-'))
    repositories = testRepositories(fleet.db, cacheFolder)
  })
  afterAll(async () => {
    await repositories?.close()
    if (cacheFolder) await rm(cacheFolder, { recursive: true, force: true })
    await engine?.stop()
    await fleet?.close()
    await gateway?.stop()
  })

  const client = () => {
    const { endpoint, accessKeyId, secretAccessKey } = gateway.settings('')
    return new S3Client({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId, secretAccessKey },
      forcePathStyle: true,
    })
  }
  async function newLocation(): Promise<S3Location> {
    const bucket = `datastore-${++bucketCount}`
    const { endpoint, accessKeyId } = gateway.settings(bucket)
    await client().send(new CreateBucketCommand({ Bucket: bucket }))
    const rest = { region: 'us-east-1', prefix: 'some/where', pathStyle: true, authority: null }
    return { kind: 's3', endpoint, bucket, accessKeyId, ...rest }
  }
  const secret = () => gateway.settings('').secretAccessKey
  const sealed = (id: string, secretAccessKey = secret()) =>
    sealStoreCredential(CredentialBox.fromText(env().SKERRY_KEY), { secretAccessKey }, id)
  const objects = async (bucket: string) =>
    ((await client().send(new ListObjectsV2Command({ Bucket: bucket }))).Contents ?? []).map(({ Key }) => Key ?? '')

  async function run(kind: Operation['kind'], id: string, name: string, input: object): Promise<Operation> {
    const target = { kind: 'datastore', id, name } as const
    const exclusive = kind !== 'test-store'
    const wanted = { kind: kind as 'test-store', target, tenantId: null, exclusive, input: { ...input } }
    return fleet.ended(await fleet.ask(wanted), 90_000)
  }
  const add = (id: string, name: string, location: S3Location, secretAccessKey?: string) =>
    run('add-datastore', id, name, { name, datastoreId: id, location, sealed: sealed(id, secretAccessKey) })

  test('added, backed up to and restored from; its bytes are objects of the bucket, its secret is nowhere', async () => {
    const id = crypto.randomUUID()
    const location = await newLocation()
    expect(await add(id, 'Bucket', location)).toMatchObject({ state: 'succeeded', error: null })
    const repository = await repositories.repository(id, null)
    const image = imageOf(5)
    const pointId = crypto.randomUUID()
    await backUp(repository, pointId, image)
    expect((await restoreById(repository, pointId)).equals(image)).toBe(true)
    const keys = await objects(location.bucket)
    expect(keys).toContain(`some/where/${id}/datastore`)
    expect(keys.filter((key) => key.includes('/packs/')).length).toBeGreaterThan(0)
    // Every row of every table, also of the engine's own.
    const tables = await fleet.db.$queryRaw<{ name: string }[]>`
      SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
      WHERE table_schema IN ('public', 'dbos') AND table_type = 'BASE TABLE'`
    for (const { name } of tables) {
      const rows = await fleet.db.$queryRawUnsafe<{ text: string }[]>(`SELECT t::text AS text FROM ${name} AS t`)
      for (const { text } of rows) expect(text, name).not.toContain(secret())
    }
  })

  test('each thing that can be wrong is told, by a test at once, and nothing is kept', async () => {
    const location = await newLocation()
    const wrong: [change: Partial<S3Location>, secretAccessKey: string, told: RegExp][] = [
      [{}, 'wrong-secret-of-this-test', /access key or its secret is wrong/],
      [{ accessKeyId: 'nobody' }, secret(), /access key or its secret is wrong/],
      [{ bucket: 'not-there' }, secret(), /no such bucket/],
      [{ endpoint: 'http://127.0.0.1:1' }, secret(), /does not answer/],
      [{ endpoint: gateway.endpoint.replace('http:', 'https:') }, secret(), /does not speak TLS/],
    ]
    for (const [change, secretAccessKey, told] of wrong) {
      const id = crypto.randomUUID()
      const input = { storeId: id, location: { ...location, ...change }, sealed: sealed(id, secretAccessKey) }
      const tested = await run('test-store', id, 'tested', input)
      expect(tested).toMatchObject({ state: 'failed', error: { message: expect.stringMatching(told) } })
      expect(`${JSON.stringify(tested.error)} ${JSON.stringify(tested.input)}`).not.toContain(secretAccessKey)
    }
    const id = crypto.randomUUID()
    const refused = await add(id, 'Refused', { ...location, endpoint: 'http://127.0.0.1:1' })
    expect(refused).toMatchObject({ state: 'failed', error: { wayOut: expect.stringContaining('address') } })
    expect(await fleet.db.datastore.count({ where: { id } })).toBe(0)
    expect(await objects(location.bucket)).toEqual([])
  })

  test('a key that may only read is found out: by writing, and by deleting', async () => {
    const location = await newLocation()
    let refuse: string | undefined
    const proxy = await storeProxy(gateway.endpoint, (request, response) => {
      if (request.method !== refuse) return false
      response.writeHead(403).end()
      return true
    })
    try {
      for (const [method, told] of [
        ['PUT', /may not do this.*write/],
        ['DELETE', /may not do this.*delete/],
      ] as const) {
        refuse = method
        const id = crypto.randomUUID()
        const input = { storeId: id, location: { ...location, endpoint: proxy.endpoint }, sealed: sealed(id) }
        const tested = await run('test-store', id, 'tested', input)
        expect(tested.error).toMatchObject({ message: expect.stringMatching(told) })
      }
    } finally {
      proxy.close()
    }
  })

  test('a store that hangs fails its test soon; one that fails at the n-th request fails a verify, and nothing is called damaged', async () => {
    const location = await newLocation()
    let [hangs, failsFrom, count] = [false, Number.POSITIVE_INFINITY, 0]
    const proxy = await storeProxy(gateway.endpoint, (_, response) => {
      if (hangs) return true
      if (++count < failsFrom) return false
      response.writeHead(503).end()
      return true
    })
    try {
      const id = crypto.randomUUID()
      const place = { ...location, endpoint: proxy.endpoint }
      expect(await add(id, 'Shaky', place)).toMatchObject({ state: 'succeeded' })
      await backUp(await repositories.repository(id, null), crypto.randomUUID(), imageOf(8, 60))
      const verify = () => run('verify-datastore', id, 'Shaky', { whole: true })
      expect(await verify()).toMatchObject({ state: 'succeeded', result: { damaged: 0 } })
      for (const n of [1, 5, 9]) {
        ;[count, failsFrom] = [0, n]
        expect(await verify(), `failing from request ${n}`).toMatchObject({
          ...{ state: 'failed', error: { code: 'unavailable', message: expect.stringContaining('datastore Shaky') } },
        })
      }
      failsFrom = Number.POSITIVE_INFINITY
      expect(await fleet.db.storeDamage.count({ where: { datastoreId: id } })).toBe(0)
      expect(await verify()).toMatchObject({ state: 'succeeded', result: { damaged: 0, isWhole: true } })
      hangs = true
      const begun = performance.now()
      const tested = await run('test-store', id, 'Shaky', { storeId: id, location: place, sealed: sealed(id) })
      expect(tested.error).toMatchObject({ message: expect.stringContaining('does not answer') })
      expect(performance.now() - begun).toBeLessThan(18_000)
    } finally {
      proxy.close()
    }
  })

  test('a new secret takes over where workers have it open; another bucket only if it holds this datastore', async () => {
    const id = crypto.randomUUID()
    const location = await newLocation()
    await add(id, 'Edited', location)
    const pointId = crypto.randomUUID()
    await backUp(await repositories.repository(id, null), pointId, imageOf(6))
    const edit = (change: object) =>
      run('edit-datastore', id, 'Edited', {
        ...{ name: 'Edited', location, isRename: false, keepsAccess: true, sealed: null },
        ...change,
      })
    expect(await edit({ keepsAccess: false, sealed: sealed(id, 'wrong') })).toMatchObject({ state: 'failed' })
    expect(await edit({ location: await newLocation() })).toMatchObject({
      state: 'failed',
      error: { message: expect.stringContaining('mark of the datastore') },
    })
    await gateway.admin('key', 'create', '--uid', 'test', '--access-key', 'second', '--secret-key', 'second-secret')
    const second = {
      location: { ...location, accessKeyId: 'second' },
      keepsAccess: false,
      sealed: sealed(id, 'second-secret'),
    }
    expect(await edit(second)).toMatchObject({ state: 'succeeded' })
    await gateway.admin('key', 'rm', '--uid', 'test', '--access-key', 'second', '--key-type', 's3')
    const restore = async () => restoreById(await repositories.repository(id, null), pointId)
    await expect(restore()).rejects.toMatchObject({
      message: expect.stringMatching(/^The access key or its secret is wrong for the datastore Edited/),
      detail: expect.stringContaining(gateway.endpoint),
    })
    // It is asked anew each time: with the key back, so is the datastore.
    await gateway.admin('key', 'create', '--uid', 'test', '--access-key', 'second', '--secret-key', 'second-secret')
    expect((await restore()).equals(imageOf(6))).toBe(true)
  })

  test('emptied and removed: its objects go, others’ in the same bucket stay', async () => {
    const [one, two] = [crypto.randomUUID(), crypto.randomUUID()]
    const location = await newLocation()
    await add(one, 'One', location)
    await add(two, 'Two', location)
    const repository = await repositories.repository(one, null)
    const pointId = crypto.randomUUID()
    await backUp(repository, pointId, imageOf(7))
    const remove = () =>
      run('remove-datastore', one, 'One', { leaveFiles: false, name: 'One', location, sealed: sealed(one) })
    expect(await remove()).toMatchObject({
      error: { message: expect.stringContaining('1 recovery point that Skerry does not know') },
    })
    await repository.remove(pointId)
    expect(await remove()).toMatchObject({ state: 'succeeded', error: null })
    expect(await objects(location.bucket)).toEqual([`some/where/${two}/datastore`])
    expect(await fleet.db.datastore.findMany({ where: { id: { in: [one, two] } } })).toMatchObject([{ name: 'Two' }])
  })
})
