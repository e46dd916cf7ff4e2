import { expect } from 'vitest'
import { judgeOf } from '#server/testing/judge.ts'
import { filesOf } from '#server/testing/moving.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { deleteSnapshot } from './delete-snapshot.ts'

proveWorkflow({
  workflow: deleteSnapshot,
  hosts: ['a'],
  async arrange(fleet, name) {
    const a = fleet.host('a')
    const { id } = await fleet.guest('a', { name, off: true, isEmpty: true })
    for (const each of ['first', 'second', 'third']) await a.lab.virsh('snapshot-create-as', name, each, '--disk-only')
    const known = async () => (await a.lab.virsh('snapshot-list', name, '--name')).split('\n').filter(Boolean)
    return {
      ask: () =>
        fleet.ask({
          ...{ kind: 'delete-snapshot', target: { kind: 'vm', id, name }, tenantId: null, hostId: a.id },
          input: { name: 'second', withChildren: true },
        }),
      async done() {
        expect(await known()).toEqual(['first'])
        expect(await filesOf(a, name)).toEqual([`${name}.first`, `${name}.qcow2`])
        expect((await a.lab.virsh('domstate', name)).trim()).toBe('shut off')
        expect(await fleet.db.snapshot.findMany({ where: { vmId: id } })).toMatchObject([{ name: 'first' }])
      },
      remains: async () => ((await known()).length === 3 ? [] : ['snapshots are missing']),
      async clear() {
        await judgeOf(a, name).clear()
        await fleet.db.vm.deleteMany({ where: { id } })
      },
    }
  },
})
