import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { addDatastore } from './add-datastore.ts'

proveWorkflow({
  workflow: addDatastore,
  hosts: [],
  finalStep: 'record',
  async arrange(fleet, name) {
    const folder = await mkdtemp(join(tmpdir(), 'skerry-proof-'))
    const path = join(folder, 'store')
    const datastoreId = crypto.randomUUID()
    const rows = () => fleet.db.datastore.findMany({ where: { id: datastoreId } })
    return {
      ask: () =>
        fleet.ask({
          ...{ kind: 'add-datastore', target: { kind: 'datastore', id: datastoreId, name }, tenantId: null },
          input: { name, datastoreId, location: { kind: 'folder', path }, sealed: null },
        }),
      async done() {
        expect(await rows()).toMatchObject([{ name, kind: 'folder', location: { path } }])
        expect(await readdir(path)).toContain(datastoreId)
      },
      // A folder that was made ready for a datastore is of no harm, and is taken up by the next attempt.
      remains: async () => (await rows()).map(() => 'a row'),
      async clear() {
        await fleet.db.datastore.deleteMany({ where: { id: datastoreId } })
        await rm(folder, { recursive: true, force: true })
      },
    }
  },
})
