import { expect, test } from 'vitest'
import { cloneExportName } from '#server/core/clone-export.ts'
import { env } from '#server/env.ts'
import { worldForTests } from '#server/testing/world-for-tests.ts'

const { as, db, own } = worldForTests()

test('a clone’s definition is shown without the name by which its recovery point can be read', async () => {
  const { id, uuid, tenantId } = own.world.vm
  const recoveryPointId = own.world.recoveryPoint.id
  const name = cloneExportName(env().SKERRY_KEY, { tenantId, vmUuid: uuid, target: 'vda', recoveryPointId })
  const xml = `<domain><disk><backingStore><source protocol='nbd' name='${name}'/></backingStore></disk></domain>`
  await db().vm.update({ where: { id }, data: { xml } })
  const { vm } = await as('owner')
  expect((await vm.xml({ id })).xml).toBe(xml.replace(name, `${uuid}.vda.…`))
})

test('what is edited of a running VM is what its next start will use; what runs is shown beside it', async () => {
  const { id } = own.world.vm
  const { vm } = await as('operator')
  const [xml, nextXml] = ['<domain><vcpu>1</vcpu></domain>', '<domain><vcpu>2</vcpu></domain>']
  await db().vm.update({ where: { id }, data: { xml, nextXml } })
  const running = await vm.xml({ id })
  expect(running).toMatchObject({ xml: nextXml, runningXml: xml })
  await db().vm.update({ where: { id }, data: { nextXml: null } })
  const off = await vm.xml({ id })
  expect(off).toMatchObject({ xml, runningXml: null })
  expect(off.version).not.toBe(running.version)
})
