import { expect } from 'vitest'
import { createGuest } from '#lab/guest/guest.ts'
import { writeVmRow } from '#server/testing/fleet-rows.ts'
import { judgeOf } from '#server/testing/judge.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { editVm } from './edit-vm.ts'

const mib = 2 ** 20

proveWorkflow({
  workflow: editVm,
  hosts: ['a'],
  async arrange(fleet, name) {
    const a = fleet.host('a')
    const judge = judgeOf(a, name)
    const guest = await createGuest(a.lab, { name, memoryMib: 96 })
    await a.lab.virsh('start', name)
    const id = await writeVmRow(fleet.db, a.id, guest.uuid)
    const before = { files: await judge.files(), xml: await judge.xml(name, '--inactive') }
    return {
      ask: () =>
        fleet.ask({
          kind: 'edit-vm',
          target: { kind: 'vm', id, name },
          tenantId: null,
          hostId: a.id,
          input: { notes: 'edited', addDisks: [{ sizeBytes: 8 * mib }], addInterfaces: [{ network: 'fleet' }] },
        }),
      async done() {
        const xml = await judge.xml(name)
        expect(xml).toContain('<description>edited</description>')
        expect(xml.match(/<disk /g)).toHaveLength(2)
        expect(xml.match(/<interface /g)).toHaveLength(2)
        expect(await judge.files()).toHaveLength(2)
      },
      async remains() {
        const extra = (await judge.files()).filter((file) => !before.files.includes(file))
        return (await judge.xml(name, '--inactive')) === before.xml ? extra : [...extra, 'another definition']
      },
      async clear() {
        await judge.clear()
        await fleet.db.vm.deleteMany({ where: { id } })
      },
    }
  },
})
