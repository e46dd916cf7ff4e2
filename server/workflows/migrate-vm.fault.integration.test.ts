import { expect } from 'vitest'
import { createGuest, serialCounts, waitForCount } from '#lab/guest/guest.ts'
import { writeVmRow } from '#server/testing/fleet-rows.ts'
import { askMove, filesOf } from '#server/testing/moving.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { migrateVm } from './migrate-vm.ts'

proveWorkflow({
  workflow: migrateVm,
  finalStep: 'move',
  without: ['stand still', 'go on'],
  hosts: ['a', 'b'],
  async arrange(fleet, name) {
    const [a, b] = [fleet.host('a'), fleet.host('b')]
    const guest = await createGuest(a.lab, { name, memoryMib: 96 })
    await a.lab.virsh('start', name)
    const id = await writeVmRow(fleet.db, a.id, guest.uuid)
    const before = await waitForCount(a.lab, name, 0)
    const files = (host: typeof a) => filesOf(host, name)
    const running = async (host: typeof a) => (await host.lab.virsh('list', '--name')).split('\n').includes(name)
    const known = async (host: typeof a) => (await host.lab.virsh('list', '--all', '--name')).split('\n').includes(name)
    return {
      ask: () => askMove(fleet, { id, name }, a, b),
      async done() {
        expect(await running(b)).toBe(true)
        expect(await known(a)).toBe(false)
        expect(await files(a)).toEqual([])
        expect(await files(b)).toHaveLength(1)
        const last = (await serialCounts(b.lab, name)).at(-1)?.n ?? 0
        expect((await waitForCount(b.lab, name, last)).bootId).toBe(before.bootId)
        const row = await fleet.db.vm.findUniqueOrThrow({ where: { id }, include: { events: true } })
        expect(row.hostId).toBe(b.id)
        expect(row.events).toHaveLength(1)
      },
      async remains() {
        const found: string[] = []
        if (await known(b)) found.push('known at the destination')
        if (!(await running(a))) found.push('not running at its source')
        for (const file of await files(b)) found.push(`${file} at the destination`)
        const last = (await serialCounts(a.lab, name)).at(-1)?.n ?? 0
        const after = await waitForCount(a.lab, name, last)
        if (after.bootId !== before.bootId) found.push('it was restarted')
        return found
      },
      async clear() {
        for (const host of [a, b]) {
          await host.lab.virsh('destroy', name).catch(() => undefined)
          await host.lab.virsh('undefine', name).catch(() => undefined)
          for (const file of await files(host)) await host.lab.run('rm', `/var/lib/libvirt/images/${file}`)
        }
        await fleet.db.vm.deleteMany({ where: { id } })
      },
    }
  },
})
