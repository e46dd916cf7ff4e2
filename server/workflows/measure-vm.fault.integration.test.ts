import { expect } from 'vitest'
import { createGuest } from '#lab/guest/guest.ts'
import { writeVmRow } from '#server/testing/fleet-rows.ts'
import { judgeOf } from '#server/testing/judge.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { measureVm } from './measure-vm.ts'

proveWorkflow({
  workflow: measureVm,
  hosts: ['a'],
  async arrange(fleet, name) {
    const a = fleet.host('a')
    const judge = judgeOf(a, name)
    const guest = await createGuest(a.lab, { name, memoryMib: 96 })
    await a.lab.virsh('start', name)
    const id = await writeVmRow(fleet.db, a.id, guest.uuid)
    const process = () => a.lab.run('cat', `/run/libvirt/qemu/${name}.pid`)
    const before = { xml: await judge.xml(name), files: await judge.files(), process: await process() }
    const changes = async () => {
      const found: string[] = []
      if ((await a.lab.virsh('domstate', name)).trim() !== 'running') found.push('it does not run')
      if ((await process()) !== before.process) found.push('it was started anew')
      if ((await judge.xml(name)) !== before.xml) found.push('another definition')
      const extra = (await judge.files()).filter((file) => !before.files.includes(file))
      return [...found, ...extra]
    }
    return {
      ask: () =>
        fleet.ask({
          kind: 'measure-vm',
          target: { kind: 'vm', id, name },
          tenantId: null,
          hostId: a.id,
          input: { measureMs: 1_000 },
        }),
      async done(operation) {
        expect(operation.result).toMatchObject({ measuredMs: 1_000, bytesPerSecond: expect.any(Number) })
        const stats = await a.lab.virsh('domstats', '--dirtyrate', name)
        expect(stats).toContain('dirtyrate.calc_status=2')
        expect(await changes()).toEqual([])
      },
      remains: changes,
      async clear() {
        await judge.clear()
        await fleet.db.vm.deleteMany({ where: { id } })
      },
    }
  },
})
