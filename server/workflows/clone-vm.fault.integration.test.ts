import { expect } from 'vitest'
import { createGuest } from '#lab/guest/guest.ts'
import { writeVmRow } from '#server/testing/fleet-rows.ts'
import { judgeOf } from '#server/testing/judge.ts'
import { askClone } from '#server/testing/new-vm.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { cloneVm } from './clone-vm.ts'

proveWorkflow({
  workflow: cloneVm,
  hosts: ['a'],
  async arrange(fleet, name) {
    const a = fleet.host('a')
    const judge = judgeOf(a, name)
    const original = await createGuest(a.lab, { name: `${name}-first`, memoryMib: 96 })
    const originalId = await writeVmRow(fleet.db, a.id, original.uuid)
    const before = { known: await judge.known(), files: await judge.files() }
    const twin = `${name}-twin`
    let twinId = ''
    return {
      async ask() {
        const asked = await askClone(fleet, originalId, twin)
        twinId = asked.twinId
        return asked.id
      },
      async done() {
        expect(await judge.known()).toEqual([`${name}-first`, twin])
        const path = /<source file='([^']+)'/.exec(await judge.xml(twin))?.[1] ?? ''
        expect(path).toContain(`${twin}-vda.`)
        expect(await a.lab.run('qemu-img', 'compare', path, original.diskPath)).toContain('identical')
        const uuids = await Promise.all([`${name}-first`, twin].map((each) => a.lab.virsh('domuuid', each)))
        expect(new Set(uuids).size).toBe(2)
        const macs = (await judge.xml(twin)).match(/<mac address='[^']+'/g) ?? []
        expect(await judge.xml(`${name}-first`)).not.toContain(macs[0])
        expect((await fleet.db.vm.findUniqueOrThrow({ where: { id: twinId } })).state).toBe('off')
      },
      async remains() {
        const row = await fleet.db.vm.findUnique({ where: { id: twinId } })
        const extra = [...(await judge.known()), ...(await judge.files())].filter(
          (found) => ![...before.known, ...before.files].includes(found),
        )
        return row ? [...extra, 'its row'] : extra
      },
      async clear() {
        await judge.clear()
        await fleet.db.vm.deleteMany({ where: { id: { in: [twinId, originalId].filter(Boolean) } } })
      },
    }
  },
})
