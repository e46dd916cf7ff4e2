import { expect } from 'vitest'
import { backupTrial } from '#server/testing/backup-proof.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { backUpVm } from './back-up-vm.ts'

proveWorkflow({
  workflow: backUpVm,
  hosts: ['a'],
  timeoutMs: 180_000,
  async arrange(fleet, name) {
    const trial = await backupTrial(fleet, name, { isEmpty: true })
    return {
      ask: () => fleet.ask({ ...trial.on, kind: 'back-up-vm', input: { datastoreId: trial.datastoreId, full: false } }),
      async done({ id }) {
        expect(await trial.points()).toEqual([id])
        expect(await trial.checkpoints()).toEqual([`skerry-${id}`])
        expect(await fleet.host('a').lab.virsh('domjobinfo', name)).toMatch(/None/)
        expect(await fleet.db.recoveryPoint.findMany({ where: { vmId: trial.guest.id } })).toMatchObject([{ id }])
      },
      remains: trial.remains,
      clear: trial.clear,
    }
  },
})
