import { expect } from 'vitest'
import { restoreById } from '#server/repository/testing/scratch.ts'
import { archiveTrial } from '#server/testing/archive-trial.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { archive } from './archive/archive.ts'
import { bringBackRecoveryPoint } from './bring-back-recovery-point.ts'

proveWorkflow({
  workflow: bringBackRecoveryPoint,
  hosts: [],
  finalStep: 'record',
  async arrange(fleet, name) {
    const trial = await archiveTrial(fleet.db, name)
    const { id: policyId, archiveStoreId } = await trial.policy()
    const { datastoreId, tenantId, repositories, ids } = trial
    const [first = ''] = ids
    const point = { id: first, datastoreId, bytes: 0 }
    await archive({
      ...{
        db: fleet.db,
        repositories,
        input: { policyId, archiveStoreId },
        memory: { send: [point], release: [point] },
      },
      ...{ signal: new AbortController().signal, progress: () => undefined },
      operation: { tenantId },
    } as unknown as Parameters<typeof archive>[0])
    expect(await trial.local()).toEqual(ids.slice(1))
    const local = async () => repositories.repository(datastoreId, tenantId)
    return {
      ask: () =>
        fleet.ask({
          ...{ kind: 'bring-back-recovery-point', target: { kind: 'vm', id: trial.vmUuid, name }, tenantId },
          input: { recoveryPointId: first, archiveStoreId, datastoreId },
        }),
      async done() {
        expect(await trial.local()).toEqual(ids)
        expect((await restoreById(await local(), first)).equals(trial.images.get(first) ?? Buffer.alloc(0))).toBe(true)
        expect(await trial.archived()).toEqual([first])
      },
      async remains() {
        const isThere = await (await local()).describe(first)
        return [...(isThere ? ['what was fetched'] : []), ...(await trial.lost())]
      },
      clear: trial.clear,
    }
  },
})
