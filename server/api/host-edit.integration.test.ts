import { afterAll, beforeAll, expect, test } from 'vitest'
import { CredentialBox } from '#server/core/credential.ts'
import { env } from '#server/env.ts'
import { type Caller, callAsOperator } from '#server/testing/call.ts'
import { type TestServices, testServices } from '#server/testing/services.ts'
import { createHost } from '#server/testing/vm.ts'

let services: TestServices
let asOperator: Caller
beforeAll(async () => {
  services = await testServices()
  asOperator = await callAsOperator(services)
})
afterAll(() => services?.close())

const secret = 'only-for-this-test-key'
const credential = { ssh: { key: secret, knownHosts: 'host ssh-ed25519 AAAA' } }
const box = CredentialBox.fromText(env().SKERRY_KEY)
const textOf = (value: unknown) => JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? String(item) : item))
const operationOf = (id: string) => services.authDb.operation.findUniqueOrThrow({ where: { id } })

test('a new credential is sealed for the host, and nobody is ever told it', async () => {
  const host = await createHost(services.authDb)
  const { operationId } = await asOperator.host.edit({ id: host.id, credential })
  const { input, targetId } = await operationOf(operationId)
  const { sealed } = input as { sealed: string }
  expect(targetId).toBe(host.id)
  expect(box.open(Buffer.from(sealed, 'base64'), host.id)).toEqual(credential)
  const told = [
    await asOperator.operation.get({ id: operationId }),
    await asOperator.operation.list({}),
    await asOperator.host.get({ id: host.id }),
    await asOperator.host.list(),
    await services.authDb.auditEntry.findMany(),
  ]
  for (const each of told) {
    expect(textOf(each)).not.toContain(secret)
    expect(textOf(each)).not.toContain(sealed)
  }
  expect(await services.authDb.auditEntry.findFirst({ orderBy: { id: 'desc' } })).toMatchObject({
    action: 'host.edit',
    resourceName: host.name,
    detail: { accessReplaced: true },
  })
})

test('what is not given stays; migrations follow a host that they reached where Skerry did', async () => {
  const host = await createHost(services.authDb)
  await services.authDb.host.update({ where: { id: host.id }, data: { migrationUri: host.uri } })
  const moved = await asOperator.host.edit({ id: host.id, uri: 'qemu+tls://elsewhere/system' })
  expect((await operationOf(moved.operationId)).input).toEqual({
    name: host.name,
    uri: 'qemu+tls://elsewhere/system',
    migrationUri: 'qemu+tls://elsewhere/system',
    keepsAccess: true,
    sealed: null,
  })
})

test('names and addresses stay one host’s, and an edit without a change is none', async () => {
  const [one, two] = [await createHost(services.authDb), await createHost(services.authDb)]
  await expect(asOperator.host.edit({ id: one.id, name: two.name })).rejects.toMatchObject({ code: 'CONFLICT' })
  await expect(asOperator.host.edit({ id: one.id, uri: two.uri })).rejects.toMatchObject({ code: 'CONFLICT' })
  await expect(asOperator.host.edit({ id: one.id })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
})

test('a test may use what the host has, sealed as it is', async () => {
  const host = await createHost(services.authDb)
  await services.authDb.host.update({ where: { id: host.id }, data: { credential: box.seal(credential, host.id) } })
  const { operationId } = await asOperator.host.test({ uri: 'qemu+ssh://elsewhere/system', hostId: host.id })
  const { sealed, hostId } = (await operationOf(operationId)).input as { sealed: string; hostId: string }
  expect(hostId).toBe(host.id)
  expect(box.open(Buffer.from(sealed, 'base64'), host.id)).toEqual(credential)
  expect(textOf(await asOperator.operation.get({ id: operationId }))).not.toContain(sealed)
})
