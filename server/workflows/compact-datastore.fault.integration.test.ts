import { expect } from 'vitest'
import { restoreById } from '#server/repository/testing/scratch.ts'
import { datastoreTrial, imageOf } from '#server/testing/datastore-trial.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { compactDatastore } from './compact-datastore.ts'

proveWorkflow({
  workflow: compactDatastore,
  hosts: [],
  // Each round of it stands by itself: there is nothing to take back.
  finalStep: 'collect',
  async arrange(fleet, name) {
    const trial = await datastoreTrial(fleet.db, name)
    const [kept, gone] = [await trial.backUp({ image: imageOf(1) }), await trial.backUp({ image: imageOf(2) })]
    await (await trial.repository()).remove(gone)
    await fleet.db.recoveryPoint.deleteMany({ where: { id: gone } })
    const before = await trial.packBytes()
    return {
      ask: () => fleet.ask({ kind: 'compact-datastore', ...trial.asked, input: {} }),
      async done() {
        expect(await trial.packBytes()).toBeLessThan(before * 0.7)
        const { compactResult } = await fleet.db.datastore.findUniqueOrThrow({ where: { id: trial.id } })
        expect(compactResult).toMatchObject({ endedAt: expect.any(String), waiting: 0 })
        const repository = await trial.repository()
        expect((await restoreById(repository, kept)).equals(imageOf(1))).toBe(true)
        expect((await repository.verify()).damage).toEqual([])
      },
      remains: async () => [],
      clear: trial.clear,
    }
  },
})
