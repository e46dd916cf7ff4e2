import { readdir } from 'node:fs/promises'
import { expect } from 'vitest'
import { datastoreTrial } from '#server/testing/datastore-trial.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { removeDatastore } from './remove-datastore.ts'

proveWorkflow({
  workflow: removeDatastore,
  hosts: [],
  finalStep: 'empty the store',
  async arrange(fleet, name) {
    const trial = await datastoreTrial(fleet.db, name)
    // What a removed recovery point leaves: keys, and packs that nobody collected yet.
    const pointId = await trial.backUp()
    await (await trial.repository()).remove(pointId)
    await fleet.db.recoveryPoint.deleteMany({ where: { id: pointId } })
    const before = await trial.files()
    const rows = () => fleet.db.datastore.findMany({ where: { id: trial.id } })
    return {
      ask: () =>
        fleet.ask({
          ...{ kind: 'remove-datastore', ...trial.asked },
          input: { leaveFiles: false, name, location: { kind: 'folder', path: trial.path }, sealed: null },
        }),
      async done() {
        expect(await rows()).toEqual([])
        expect(await readdir(trial.path)).toEqual(['.skerry'])
      },
      async remains() {
        const gone = (await rows()).length === 1 ? [] : ['no row']
        return (await trial.files()).length === before.length ? gone : [...gone, 'files are gone']
      },
      clear: trial.clear,
    }
  },
})
