import { join } from 'node:path'
import { expect } from 'vitest'
import { runArchival } from '#server/testing/archive-run.ts'
import { archiveTrial } from '#server/testing/archive-trial.ts'
import { flipByte } from '#server/testing/flip-byte.ts'
import { filesOf, packsOf } from '#server/testing/store-files.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { verifyArchiveStore } from './verify-archive-store.ts'

proveWorkflow({
  workflow: verifyArchiveStore,
  hosts: [],
  finalStep: 'sum up',
  async arrange(fleet, name) {
    const trial = await archiveTrial(fleet.db, name, { points: 1 })
    const { archiveStoreId, tenantId } = trial
    await runArchival(fleet.db, trial, await trial.policy({ localCopy: 'keep' }))
    const [hurt] = trial.ids
    const far = join(trial.folder, 'far')
    const [pack = ''] = await packsOf(far)
    await flipByte(pack, 1000)
    const files = () => filesOf(far)
    const before = (await files()).length
    return {
      ask: () =>
        fleet.ask({
          ...{ kind: 'verify-archive-store', target: { kind: 'archive-store', id: archiveStoreId, name } },
          ...{ tenantId: null, input: { whole: true } },
        }),
      async done(operation) {
        expect(operation.result).toMatchObject({ damaged: 1, isWhole: true, checkedBytes: expect.any(Number) })
        expect(await fleet.db.storeDamage.findMany({ where: { archiveStoreId } })).toMatchObject([
          { what: 'chunk', tenantId, datastoreId: null, hurts: [{ recoveryPointId: hurt }], healedAt: null },
        ])
        const damage = await fleet.db.archivedPointDamage.findMany({ where: { archiveStoreId } })
        expect(damage).toMatchObject([{ recoveryPointId: hurt, chunkCount: 1, disks: ['vda'] }])
        const row = await fleet.db.archiveStore.findUniqueOrThrow({ where: { id: archiveStoreId } })
        expect(row).toMatchObject({ verifyRound: null, verifyResult: { id: operation.id } })
      },
      // What it found out stays true; in the store it leaves the report of the broken chunk alone.
      async remains() {
        const now = await files()
        return now.filter((path) => !path.includes('/damage/')).length === before ? [] : now
      },
      clear: trial.clear,
    }
  },
})
