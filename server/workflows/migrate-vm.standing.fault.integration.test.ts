import { expect } from 'vitest'
import { createGuest } from '#lab/guest/guest.ts'
import { writeVmRow } from '#server/testing/fleet-rows.ts'
import { askMove, filesOf, linesOf, snapshotsOf, stateOf } from '#server/testing/moving.ts'
import { makeOverlay } from '#server/testing/overlay.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { migrateVm } from './migrate-vm.ts'

/**
 * As any migration, of a VM that has to stand still: its snapshot lies inside the disk that is copied, with the template
 * that this stands on. That a guest's own
 * count goes on is tried beside; here the host tells what it runs from, which is its memory and never a boot.
 */
proveWorkflow({
  workflow: migrateVm,
  finalStep: 'move',
  without: ['check', 'record'],
  hosts: ['a', 'b'],
  async arrange(fleet, name) {
    const [a, b] = [fleet.host('a'), fleet.host('b')]
    const guest = await createGuest(a.lab, { name, memoryMib: 96, isEmpty: true })
    const template = `/var/lib/libvirt/images/template-${name}.qcow2`
    await a.lab.run('mv', guest.diskPath, template)
    await makeOverlay(a, guest.diskPath, { path: template, format: 'qcow2' })
    await a.lab.virsh('pool-refresh', 'default')
    await a.lab.virsh('start', name)
    await a.lab.virsh('snapshot-create-as', name, 'warm')
    const id = await writeVmRow(fleet.db, a.id, guest.uuid)
    const files = async (host: typeof a) => [
      ...(await filesOf(host, name)),
      ...(await filesOf(host, `template-${name}.`)),
    ]
    const knows = async (host: typeof a) => (await linesOf(host, 'list', '--all', '--name')).includes(name)
    const state = (host: typeof a) => stateOf(host, name)
    const before = await state(a)
    return {
      ask: () => askMove(fleet, { id, name }, a, b, { mayStandStill: true }),
      async done() {
        expect(await knows(a)).toBe(false)
        expect(await files(a)).toEqual([`template-${name}.qcow2`])
        expect(await files(b)).toHaveLength(2)
        expect(await state(b)).toBe('running (unpaused)')
        expect(await snapshotsOf(b, name)).toEqual(['warm'])
        const row = await fleet.db.vm.findUniqueOrThrow({ where: { id }, include: { events: true } })
        expect(row).toMatchObject({ hostId: b.id, state: 'running' })
        expect(row.events).toHaveLength(1)
      },
      async remains() {
        const found: string[] = []
        if (await knows(b)) found.push('known at the destination')
        const here = await state(a)
        if (here !== before && here !== 'running (restored)') found.push(`${here} at its source`)
        for (const file of await files(b)) found.push(`${file} at the destination`)
        const its = [`${name}.qcow2`, `template-${name}.qcow2`]
        for (const file of await files(a)) if (!its.includes(file)) found.push(`${file} at its source`)
        expect(await snapshotsOf(a, name)).toEqual(['warm'])
        return found
      },
      async clear() {
        for (const host of [a, b]) {
          await host.lab.virsh('destroy', name).catch(() => undefined)
          await host.lab.virsh('undefine', name, '--snapshots-metadata').catch(() => undefined)
          for (const file of await files(host)) await host.lab.run('rm', `/var/lib/libvirt/images/${file}`)
        }
        await fleet.db.vm.deleteMany({ where: { id } })
      },
    }
  },
})
