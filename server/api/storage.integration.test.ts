import { afterAll, beforeAll, expect, test } from 'vitest'
import { callAs } from '#server/testing/call.ts'
import { createPerson, signIn } from '#server/testing/person.ts'
import { type TestServices, testServices } from '#server/testing/services.ts'
import { createHost } from '#server/testing/vm.ts'

let services: TestServices
beforeAll(async () => {
  services = await testServices()
})
afterAll(() => services?.close())

test('of one host its pools are told, and those of others that are the same storage', async () => {
  const db = services.authDb
  const [oslo, bergen, tromso] = [
    await createHost(db, 'oslo'),
    await createHost(db, 'bergen'),
    await createHost(db, 'tromso'),
  ]
  const pool = { kind: 'dir', active: true }
  for (const { id: hostId } of [oslo, bergen, tromso]) {
    await db.storagePool.create({ data: { ...pool, hostId, name: 'local' } })
  }
  await db.storagePool.createMany({
    data: [oslo, bergen].map(({ id: hostId }) => ({ ...pool, hostId, name: 'nas', sharedKey: 'nas:/vms' })),
  })
  const operator = await callAs(services, await signIn(services, await createPerson(services, { operator: true })))
  const namesOf = async (hostId?: string) =>
    (await operator.storage.list(hostId === undefined ? undefined : { hostId })).map(
      ({ name, host }) => `${name} of ${host.name}`,
    )
  expect(await namesOf(oslo.id)).toEqual(['local of oslo', 'nas of bergen', 'nas of oslo'])
  expect(await namesOf(tromso.id)).toEqual(['local of tromso'])
  expect(await namesOf()).toHaveLength(5)
})
