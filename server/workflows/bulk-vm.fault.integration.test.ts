import { expect } from 'vitest'
import { createGuest } from '#lab/guest/guest.ts'
import { enqueue } from '#server/core/operation.ts'
import { writeVmRow } from '#server/testing/fleet-rows.ts'
import { judgeOf } from '#server/testing/judge.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { bulkVm } from './bulk-vm.ts'

const actor = { kind: 'user' as const, id: 'tester', name: 'Tester' }

proveWorkflow({
  workflow: bulkVm,
  hosts: ['a'],
  // What the parts did is theirs; the whole only waits.
  finalStep: 'wait',
  async arrange(fleet, name) {
    const a = fleet.host('a')
    const judge = judgeOf(a, name)
    const vms = await Promise.all(
      [`${name}-x`, `${name}-y`].map(async (guest) => {
        const { uuid } = await createGuest(a.lab, { name: guest, memoryMib: 64, isEmpty: true })
        return { id: await writeVmRow(fleet.db, a.id, uuid), name: guest }
      }),
    )
    const refused = { vmId: 'x', name: 'other', reason: 'It is running already.' }
    return {
      ask: () =>
        fleet.db.$transaction(async (tx) => {
          const asker = { tx, actor, requestId: null }
          const { id } = await enqueue(asker, {
            kind: 'bulk-vm',
            target: { kind: 'fleet', id: name, name: '3 VMs' },
            tenantId: null,
            exclusive: false,
            input: { refused: [refused] },
          })
          for (const vm of vms) {
            await enqueue(asker, {
              kind: 'power-vm',
              target: { kind: 'vm', ...vm },
              tenantId: null,
              hostId: a.id,
              parentId: id,
              input: { action: 'start' },
            })
          }
          return id
        }),
      async done(operation) {
        expect(operation.result).toEqual({
          items: [
            ...vms.map((vm) => ({ ...vm, state: 'succeeded', reason: null })),
            { id: 'x', name: 'other', state: 'failed', reason: 'It is running already.' },
          ],
        })
        expect((await judge.running()).sort()).toEqual(vms.map((vm) => vm.name))
        expect(await fleet.db.operation.count({ where: { parentId: operation.id } })).toBe(2)
      },
      remains: async () => [],
      async clear() {
        await judge.clear()
        await fleet.db.vm.deleteMany({ where: { id: { in: vms.map((vm) => vm.id) } } })
      },
    }
  },
})
