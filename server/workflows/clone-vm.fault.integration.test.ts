import { expect } from 'vitest'
import { askClone } from '#server/testing/new-vm.ts'
import { trialVm } from '#server/testing/trial-vm.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { cloneVm } from './clone-vm.ts'

proveWorkflow({
  workflow: cloneVm,
  hosts: ['a'],
  async arrange(fleet, name) {
    const { id, host, judge, guest, clear } = await trialVm(fleet, name, 'off')
    const before = { known: await judge.known(), files: await judge.files() }
    const twin = `${name}-twin`
    let twinId = ''
    return {
      async ask() {
        const asked = await askClone(fleet, id, twin)
        twinId = asked.twinId
        return asked.id
      },
      async done() {
        expect(await judge.known()).toEqual([name, twin])
        const path = /<source file='([^']+)'/.exec(await judge.xml(twin))?.[1] ?? ''
        expect(path).toContain(`${twin}-vda.`)
        expect(await host.lab.run('qemu-img', 'compare', path, guest.diskPath)).toContain('identical')
        const uuids = await Promise.all([name, twin].map((each) => host.lab.virsh('domuuid', each)))
        expect(new Set(uuids).size).toBe(2)
        const macs = (await judge.xml(twin)).match(/<mac address='[^']+'/g) ?? []
        expect(await judge.xml(name)).not.toContain(macs[0])
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
        await clear()
        await fleet.db.vm.deleteMany({ where: { id: twinId } })
      },
    }
  },
})
