import { expect } from 'vitest'
import { judgeOf } from '#server/testing/judge.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { takeSnapshot } from './take-snapshot.ts'

proveWorkflow({
  workflow: takeSnapshot,
  hosts: ['a'],
  async arrange(fleet, name) {
    const a = fleet.host('a')
    const { id } = await fleet.guest('a', { name, memoryMib: 96, isEmpty: true })
    const known = async () => (await a.lab.virsh('snapshot-list', name, '--name')).split('\n').filter(Boolean)
    return {
      ask: () =>
        fleet.ask({
          ...{ kind: 'take-snapshot', target: { kind: 'vm', id, name }, tenantId: null, hostId: a.id },
          input: { name: 'proof', description: 'why', withMemory: true },
        }),
      async done() {
        expect(await known()).toEqual(['proof'])
        expect(await a.lab.virsh('domstate', name)).toContain('running')
        expect(await fleet.db.snapshot.findMany({ where: { vmId: id } })).toMatchObject([
          { name: 'proof', description: 'why', withMemory: true, current: true },
        ])
      },
      async remains() {
        const rows = await fleet.db.snapshot.findMany({ where: { vmId: id } })
        return [...(await known()), ...rows.map((row) => `row ${row.name}`)]
      },
      async clear() {
        await judgeOf(a, name).clear()
        await fleet.db.vm.deleteMany({ where: { id } })
      },
    }
  },
})
