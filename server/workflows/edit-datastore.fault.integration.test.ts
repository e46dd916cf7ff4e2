import { rename } from 'node:fs/promises'
import { expect } from 'vitest'
import { datastoreTrial } from '#server/testing/datastore-trial.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { editDatastore } from './edit-datastore.ts'

proveWorkflow({
  workflow: editDatastore,
  hosts: [],
  // One statement changes the row, and nothing comes after it.
  finalStep: 'edit',
  async arrange(fleet, name) {
    const trial = await datastoreTrial(fleet.db, name)
    const elsewhere = `${trial.path}-moved`
    const row = () => fleet.db.datastore.findUniqueOrThrow({ where: { id: trial.id } })
    return {
      async ask() {
        await rename(trial.path, elsewhere)
        return fleet.ask({
          ...{ kind: 'edit-datastore', ...trial.asked },
          input: {
            ...{ name: `${name}-new`, location: { kind: 'folder', path: elsewhere } },
            ...{ isRename: false, keepsAccess: false, sealed: null },
          },
        })
      },
      async done() {
        expect(await row()).toMatchObject({ name: `${name}-new`, location: { path: elsewhere } })
        expect(await (await trial.repository()).verify()).toMatchObject({ damage: [] })
      },
      async remains() {
        const after = await row()
        return after.name === name ? [] : [after.name]
      },
      clear: trial.clear,
    }
  },
})
