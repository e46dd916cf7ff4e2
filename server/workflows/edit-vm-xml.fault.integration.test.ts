import { expect } from 'vitest'
import { createGuest } from '#lab/guest/guest.ts'
import { writeVmRow } from '#server/testing/fleet-rows.ts'
import { judgeOf } from '#server/testing/judge.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { editVmXml } from './edit-vm-xml.ts'

proveWorkflow({
  workflow: editVmXml,
  hosts: ['a'],
  // What is defined is defined: the hypervisor takes the whole text or none of it.
  finalStep: 'define',
  async arrange(fleet, name) {
    const a = fleet.host('a')
    const judge = judgeOf(a, name)
    const guest = await createGuest(a.lab, { name, memoryMib: 96 })
    await a.lab.virsh('start', name)
    const id = await writeVmRow(fleet.db, a.id, guest.uuid)
    const before = { files: await judge.files(), live: await judge.xml(name) }
    const definition = await judge.xml(name, '--inactive')
    return {
      ask: () =>
        fleet.ask({
          kind: 'edit-vm-xml',
          target: { kind: 'vm', id, name },
          tenantId: null,
          hostId: a.id,
          input: { xml: definition.replace('<on_crash>destroy', '<on_crash>restart') },
        }),
      async done() {
        expect(await judge.known()).toEqual([name])
        expect(await judge.xml(name, '--inactive')).toBe(definition.replace('<on_crash>destroy', '<on_crash>restart'))
        expect(await judge.xml(name)).toBe(before.live)
        expect(await judge.files()).toEqual(before.files)
      },
      remains: async () => [],
      async clear() {
        await judge.clear()
        await fleet.db.vm.deleteMany({ where: { id } })
      },
    }
  },
})
