import { expect } from 'vitest'
import { createGuest } from '#lab/guest/guest.ts'
import { writeVmRow } from '#server/testing/fleet-rows.ts'
import { judgeOf } from '#server/testing/judge.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { deleteVm } from './delete-vm.ts'

proveWorkflow({
  workflow: deleteVm,
  hosts: ['a'],
  async arrange(fleet, name) {
    const a = fleet.host('a')
    const judge = judgeOf(a, name)
    const guest = await createGuest(a.lab, { name, memoryMib: 96 })
    const id = await writeVmRow(fleet.db, a.id, guest.uuid)
    return {
      ask: () =>
        fleet.ask({
          kind: 'delete-vm',
          target: { kind: 'vm', id, name },
          tenantId: null,
          hostId: a.id,
          input: {},
        }),
      async done() {
        expect(await judge.known()).toEqual([])
        expect(await judge.files()).toEqual([])
        expect(await fleet.db.vm.findUnique({ where: { id } })).toBeNull()
      },
      remains: async () => [],
      async clear() {
        await judge.clear()
        await fleet.db.vm.deleteMany({ where: { id } })
      },
    }
  },
})
