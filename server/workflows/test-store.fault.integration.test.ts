import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { testStore } from './test-store.ts'

proveWorkflow({
  workflow: testStore,
  hosts: [],
  async arrange(fleet) {
    const folder = await mkdtemp(join(tmpdir(), 'skerry-proof-'))
    const storeId = crypto.randomUUID()
    const location = { kind: 'folder', path: join(folder, 'store') }
    const remains = async () => [
      ...(await readdir(folder)),
      ...(await fleet.db.datastore.findMany({ where: { id: storeId } })).map(() => 'a row'),
    ]
    return {
      ask: () =>
        fleet.ask({
          ...{ kind: 'test-store', target: { kind: 'datastore', id: storeId, name: location.path }, tenantId: null },
          ...{ exclusive: false, input: { storeId, location, sealed: null } },
        }),
      async done(operation) {
        expect(operation.result).toMatchObject({ roundTripMs: expect.any(Number), freeBytes: expect.any(Number) })
        expect(await remains()).toEqual([])
      },
      remains,
      clear: () => rm(folder, { recursive: true, force: true }),
    }
  },
})
