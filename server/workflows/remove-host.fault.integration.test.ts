import { expect } from 'vitest'
import { createGuest } from '#lab/guest/guest.ts'
import { writeHostRow, writeVmRow } from '#server/testing/fleet-rows.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { removeHost } from './remove-host.ts'

proveWorkflow({
  workflow: removeHost,
  hosts: ['a'],
  // One transaction of the database takes all the rows or none.
  finalStep: 'remove',
  async arrange(fleet, name) {
    const old = await fleet.lab.addHost({ name: name.replace('remove-host', 'old') })
    const uri = `qemu:///system?socket=${old.socketPath}`
    const id = await writeHostRow(fleet.db, { name: old.name, site: 'a', uri, migrationUri: old.tlsUri })
    const guest = await createGuest(old, { name: 'orphan', memoryMib: 64 })
    const vmId = await writeVmRow(fleet.db, id, guest.uuid)
    // As the inventory leaves it when the host has not answered.
    await fleet.db.host.update({ where: { id }, data: { state: 'unreachable' } })
    const definition = await old.virsh('dumpxml', 'orphan')
    return {
      ask: () =>
        fleet.ask({
          kind: 'remove-host',
          target: { kind: 'host', id, name: old.name },
          tenantId: null,
          hostId: id,
          input: {},
        }),
      async done() {
        expect(await fleet.db.host.count({ where: { id } })).toBe(0)
        expect(await fleet.db.vm.count({ where: { id: vmId } })).toBe(0)
        expect(await fleet.db.host.count()).toBe(1)
        expect(await old.virsh('dumpxml', 'orphan')).toBe(definition)
      },
      remains: async () => [],
      async clear() {
        await fleet.db.vm.deleteMany({ where: { hostId: id } })
        await fleet.db.host.deleteMany({ where: { id } })
        await old.powerOff()
      },
    }
  },
})
