import { expect } from 'vitest'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { editHost } from './edit-host.ts'

proveWorkflow({
  workflow: editHost,
  hosts: ['a'],
  // One statement changes the row, and nothing comes after it.
  finalStep: 'edit',
  async arrange(fleet, name) {
    const { id } = fleet.host('a')
    const before = await fleet.db.host.findUniqueOrThrow({ where: { id } })
    const row = () => fleet.db.host.findUniqueOrThrow({ where: { id } })
    // The same socket by another address.
    const uri = before.uri.replace('/libvirt-sock', '/./libvirt-sock')
    return {
      ask: () =>
        fleet.ask({
          kind: 'edit-host',
          target: { kind: 'host', id, name: before.name },
          tenantId: null,
          hostId: id,
          input: { name, uri, migrationUri: uri, keepsAccess: true, sealed: null },
        }),
      async done() {
        expect(await row()).toMatchObject({ name, uri, migrationUri: uri, hostUuid: before.hostUuid })
      },
      async remains() {
        const after = await row()
        return after.uri === before.uri && after.name === before.name ? [] : [`${after.name} at ${after.uri}`]
      },
      async clear() {
        const { uri, migrationUri, name } = before
        await fleet.db.host.update({ where: { id }, data: { uri, migrationUri, name } })
      },
    }
  },
})
