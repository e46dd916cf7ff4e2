import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { taggedName } from '#server/core/volume-name.ts'
import { trialVm } from '#server/testing/trial-vm.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { undoOperation } from './undo-operation.ts'

proveWorkflow({
  workflow: undoOperation([]),
  hosts: ['a'],
  // What was left behind is gone for good.
  finalStep: 'undo',
  async arrange(fleet, name) {
    const { id, host, judge, ask, clear } = await trialVm(fleet, name, 'off')
    const operationId = randomUUID()
    const volume = taggedName(`${name}-vdb.qcow2`, operationId)
    await host.lab.virsh('vol-create-as', 'default', volume, '8M', '--format', 'qcow2')
    const added = [{ pool: 'default', name: volume, path: `/var/lib/libvirt/images/${volume}`, target: 'vdb' }]
    const before = await judge.files()
    // An edit that made a disk, failed, and could not remove it again.
    const leftover = { stepIndex: 1, memory: { hostId: host.id, added } }
    await fleet.db.operation.create({
      data: {
        ...{ id: operationId, kind: 'edit-vm', targetKind: 'vm', targetId: id, targetName: name, hostId: host.id },
        ...{ actorKind: 'user', actorName: 'Tester', state: 'failed', finishedAt: new Date() },
        input: { addDisks: [{ sizeBytes: 8 * 2 ** 20 }] },
        error: { code: 'conflict', message: 'No.', step: 'make disks', wayOut: null, left: ['make disks: No.'] },
        trace: { create: { errorDetail: 'No.', leftover } },
      },
    })
    const original = () =>
      fleet.db.operation.findUniqueOrThrow({ where: { id: operationId }, include: { trace: true } })
    return {
      clear,
      ask: () => ask('undo-operation', { operationId }),
      async done() {
        expect(await judge.files()).toEqual(before.filter((file) => file !== volume))
        expect(await judge.known()).toEqual([name])
        const { error, state, trace } = await original()
        expect({ error, state }).toEqual({
          error: { code: 'conflict', message: 'No.', step: 'make disks', wayOut: null },
          state: 'failed',
        })
        expect(trace).toMatchObject({ errorDetail: 'No.', leftover: null })
      },
      async remains() {
        const changed = (await judge.files()).join() === before.join() ? [] : ['other files']
        return (await original()).trace?.leftover ? changed : [...changed, 'nothing left to clean up']
      },
    }
  },
})
