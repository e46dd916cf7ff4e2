import { afterAll, beforeAll, expect, test } from 'vitest'
import { CredentialBox } from '#server/core/credential.ts'
import { env } from '#server/env.ts'
import { type Caller, callAsOperator } from '#server/testing/call.ts'
import { type TestServices, testServices } from '#server/testing/services.ts'

let services: TestServices
let asOperator: Caller
beforeAll(async () => {
  services = await testServices()
  asOperator = await callAsOperator(services)
})
afterAll(() => services?.close())

const secret = 'only-for-this-test-secret'
const credential = { secretAccessKey: secret }
const s3 = 's3' as const
const location = { kind: s3, endpoint: 'https://s3.example.test', bucket: 'backups', accessKeyId: 'id-of-key' }
const whole = { ...location, region: 'us-east-1', prefix: '', pathStyle: true, authority: null }
const box = CredentialBox.fromText(env().SKERRY_KEY)
const textOf = (value: unknown) => JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? String(item) : item))
const operationOf = (id: string) => services.authDb.operation.findUniqueOrThrow({ where: { id } })
const { kind: _, ...columns } = whole

async function createDatastore(name: string) {
  const id = crypto.randomUUID()
  return services.authDb.datastore.create({
    data: { id, name, kind: 's3', location: columns, credential: box.seal(credential, id) },
  })
}

test('a bucket’s secret is sealed for its datastore, and nobody is ever told it', async () => {
  const added = await asOperator.datastore.add({ name: 'Bucket', location, credential })
  const tested = await asOperator.datastore.test({ location, credential })
  const datastore = await createDatastore('Kept')
  const edited = await asOperator.datastore.edit({ id: datastore.id, credential: { secretAccessKey: `${secret}-2` } })
  for (const [{ operationId }, opened] of [
    [added, credential],
    [tested, credential],
    [edited, { secretAccessKey: `${secret}-2` }],
  ] as const) {
    const { input, targetId } = await operationOf(operationId)
    const { sealed } = input as { sealed: string }
    expect(box.open(Buffer.from(sealed, 'base64'), targetId)).toEqual(opened)
    const told = [
      ...[await asOperator.operation.get({ id: operationId }), await asOperator.operation.list({})],
      ...[await asOperator.datastore.list(), await services.authDb.auditEntry.findMany()],
    ]
    for (const each of told) {
      expect(textOf(each)).not.toContain(secret)
      expect(textOf(each)).not.toContain(sealed)
    }
  }
  expect(await services.authDb.auditEntry.findFirst({ orderBy: { id: 'desc' } })).toMatchObject({
    ...{ action: 'datastore.edit', resourceName: 'Kept', detail: { accessReplaced: true } },
  })
})

test('what is not given stays; a rename asks nothing of the store', async () => {
  const datastore = await createDatastore('Stays')
  const renamed = await asOperator.datastore.edit({ id: datastore.id, name: 'Renamed' })
  expect((await operationOf(renamed.operationId)).input).toEqual({
    ...{ name: 'Renamed', location: whole, isRename: true, keepsAccess: true, sealed: null },
  })
  const { id } = await createDatastore('Tested')
  const tested = await asOperator.datastore.test({ location, datastoreId: id })
  const { sealed } = (await operationOf(tested.operationId)).input as { sealed: string }
  expect(box.open(Buffer.from(sealed, 'base64'), id)).toEqual(credential)
})

test('a bucket without a secret, an address with a path, a name that is taken: refused before any worker is asked', async () => {
  const { name } = await createDatastore('Taken')
  const bad = { code: 'BAD_REQUEST' }
  await expect(asOperator.datastore.add({ name: 'X', location })).rejects.toMatchObject(bad)
  await expect(asOperator.datastore.test({ location })).rejects.toMatchObject(bad)
  for (const endpoint of ['s3.example.test', 'https://s3.example.test/bucket', 'https://user:pass@s3.example.test']) {
    const wrong = { name: 'X', location: { ...location, endpoint }, credential }
    await expect(asOperator.datastore.add(wrong)).rejects.toMatchObject(bad)
  }
  await expect(asOperator.datastore.add({ name, location, credential })).rejects.toMatchObject({ code: 'CONFLICT' })
})

test('the same request twice is one operation', async () => {
  const asked = { name: 'Once', location, credential, idempotencyKey: 'add-datastore-once' }
  const [one, two] = [await asOperator.datastore.add(asked), await asOperator.datastore.add(asked)]
  expect(two).toEqual(one)
})
