import { expect } from 'vitest'
import { createGuest } from '#lab/guest/guest.ts'
import { writeVmRow } from '#server/testing/fleet-rows.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { powerVm } from './power-vm.ts'

proveWorkflow({
  workflow: powerVm,
  hosts: ['a'],
  async arrange(fleet, name) {
    const a = fleet.host('a')
    const guest = await createGuest(a.lab, { name, memoryMib: 64 })
    const id = await writeVmRow(fleet.db, a.id, guest.uuid)
    const known = async () => (await a.lab.virsh('list', '--all', '--name')).split('\n').filter(Boolean)
    return {
      ask: () =>
        fleet.ask({
          kind: 'power-vm',
          target: { kind: 'vm', id, name },
          tenantId: null,
          hostId: a.id,
          input: { action: 'start' },
        }),
      done: async () => expect((await a.lab.virsh('domstate', name)).trim()).toBe('running'),
      // A start is not taken back: what must not happen is a second VM or a lost one.
      remains: async () => (await known()).filter((each) => each !== name),
      async clear() {
        await a.lab.virsh('destroy', name).catch(() => undefined)
        await a.lab.virsh('undefine', name)
        await a.lab.run('rm', guest.diskPath)
      },
    }
  },
})
