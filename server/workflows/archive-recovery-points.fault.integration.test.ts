import { expect } from 'vitest'
import { archiveTrial } from '#server/testing/archive-trial.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { archiveRecoveryPoints } from './archive-recovery-points.ts'

proveWorkflow({
  workflow: archiveRecoveryPoints,
  hosts: [],
  async arrange(fleet, name) {
    const trial = await archiveTrial(fleet.db, name)
    const { id, archiveStoreId } = await trial.policy()
    return {
      ask: () =>
        fleet.ask({
          ...{ kind: 'archive-recovery-points', target: { kind: 'archival-policy', id, name } },
          ...{ tenantId: trial.tenantId, input: { policyId: id, archiveStoreId } },
        }),
      async done(operation) {
        expect(operation.result).toMatchObject({ archived: 3, expired: 0, left: [] })
        expect(await trial.archived()).toEqual(trial.ids)
        // The newest stays where backups build on it.
        expect(await trial.local()).toEqual(trial.ids.slice(-1))
        expect(await trial.lost()).toEqual([])
        const far = await trial.repositories.archives.repository(archiveStoreId, trial.tenantId)
        expect((await far.verify()).damage).toEqual([])
        // Lists of ids aside: no block was sent twice.
        expect((await far.usage()).deadBytes).toBeLessThan(32_768)
      },
      // What is archived stays archived: nothing is left half done as long as each can be restored from somewhere.
      remains: trial.lost,
      clear: trial.clear,
    }
  },
})
