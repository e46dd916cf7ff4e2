import { expect } from 'vitest'
import { judgeOf } from '#server/testing/judge.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { revertSnapshot } from './revert-snapshot.ts'

proveWorkflow({
  workflow: revertSnapshot,
  hosts: ['a'],
  async arrange(fleet, name) {
    const a = fleet.host('a')
    const { id } = await fleet.guest('a', { name, memoryMib: 96, isEmpty: true })
    await a.lab.virsh('snapshot-create-as', name, 'first')
    await a.lab.virsh('snapshot-create-as', name, 'second')
    await a.lab.virsh('checkpoint-create-as', name, 'skerry-marks')
    const known = async () => (await a.lab.virsh('snapshot-list', name, '--name')).split('\n').filter(Boolean)
    const current = async () => (await a.lab.virsh('snapshot-current', name, '--name')).trim()
    return {
      ask: () =>
        fleet.ask({
          ...{ kind: 'revert-snapshot', target: { kind: 'vm', id, name }, tenantId: null, hostId: a.id },
          input: { name: 'first', keepAs: 'present' },
        }),
      async done() {
        expect((await known()).toSorted()).toEqual(['first', 'present', 'second'])
        expect(await current()).toBe('first')
        expect(await a.lab.virsh('domstate', name)).toContain('running')
        expect((await a.lab.virsh('checkpoint-list', name, '--name')).trim()).toBe('')
        const rows = await fleet.db.snapshot.findMany({ where: { vmId: id }, orderBy: { name: 'asc' } })
        expect(rows.map((row) => [row.name, row.parent, row.current])).toEqual([
          ['first', null, true],
          ['present', 'second', false],
          ['second', 'first', false],
        ])
      },
      async remains() {
        const left = (await known()).filter((each) => each === 'present')
        return (await current()) === 'second' ? left : [...left, `current is ${await current()}`]
      },
      async clear() {
        await judgeOf(a, name).clear()
        await fleet.db.vm.deleteMany({ where: { id } })
      },
    }
  },
})
