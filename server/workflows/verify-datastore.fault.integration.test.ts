import { expect } from 'vitest'
import { datastoreTrial } from '#server/testing/datastore-trial.ts'
import { flipByte } from '#server/testing/flip-byte.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { verifyDatastore } from './verify-datastore.ts'

proveWorkflow({
  workflow: verifyDatastore,
  hosts: [],
  finalStep: 'sum up',
  async arrange(fleet, name) {
    const trial = await datastoreTrial(fleet.db, name)
    const hurt = await trial.backUp()
    const [pack = ''] = await trial.packs()
    await flipByte(pack, 1000)
    const before = (await trial.files()).length
    return {
      ask: () => fleet.ask({ kind: 'verify-datastore', ...trial.asked, input: { whole: true } }),
      async done(operation) {
        expect(operation.result).toMatchObject({ damaged: 1, isWhole: true, checkedBytes: expect.any(Number) })
        const damages = await fleet.db.storeDamage.findMany({ where: { datastoreId: trial.id } })
        expect(damages).toMatchObject([{ what: 'chunk', hurts: [{ recoveryPointId: hurt }], healedAt: null }])
        expect(await fleet.db.recoveryPointDamage.count({ where: { recoveryPointId: hurt } })).toBe(1)
        const row = await fleet.db.datastore.findUniqueOrThrow({ where: { id: trial.id } })
        expect(row).toMatchObject({ verifyRound: null, verifyResult: { id: operation.id } })
      },
      // What it found out stays true; in the store it leaves the report of the broken chunk alone.
      async remains() {
        const files = await trial.files()
        const damage = files.filter((path) => path.includes('/damage/')).length
        return files.length - damage === before ? [] : files
      },
      clear: trial.clear,
    }
  },
})
