import { afterAll, beforeAll, expect, test } from 'vitest'
import { cloneExportName } from '#server/core/clone-export.ts'
import { env } from '#server/env.ts'
import { callAs } from '#server/testing/call.ts'
import { type TestServices, testServices } from '#server/testing/services.ts'
import { type Cast, createCast, createWorld, type World } from '#server/testing/world.ts'

let services: TestServices
let cast: Cast
let world: World
beforeAll(async () => {
  services = await testServices()
  cast = await createCast(services)
  world = await createWorld(services, cast)
})
afterAll(() => services?.close())

test('a clone’s definition is shown without the name by which its recovery point can be read', async () => {
  const { id, uuid, tenantId } = world.vm
  const recoveryPointId = world.recoveryPoint.id
  const name = cloneExportName(env().SKERRY_KEY, { tenantId, vmUuid: uuid, target: 'vda', recoveryPointId })
  const xml = `<domain><disk><backingStore><source protocol='nbd' name='${name}'/></backingStore></disk></domain>`
  await services.authDb.vm.update({ where: { id }, data: { xml } })
  const { vm } = await callAs(services, cast.headers.owner)
  expect((await vm.xml({ id })).xml).toBe(xml.replace(name, `${uuid}.vda.…`))
})

test('what is edited of a running VM is what its next start will use; what runs is shown beside it', async () => {
  const { id } = world.vm
  const { vm } = await callAs(services, cast.headers.operator)
  const [xml, nextXml] = ['<domain><vcpu>1</vcpu></domain>', '<domain><vcpu>2</vcpu></domain>']
  await services.authDb.vm.update({ where: { id }, data: { xml, nextXml } })
  const running = await vm.xml({ id })
  expect(running).toMatchObject({ xml: nextXml, runningXml: xml })
  await services.authDb.vm.update({ where: { id }, data: { nextXml: null } })
  const off = await vm.xml({ id })
  expect(off).toMatchObject({ xml, runningXml: null })
  expect(off.version).not.toBe(running.version)
})
