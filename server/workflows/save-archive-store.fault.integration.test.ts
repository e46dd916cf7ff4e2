import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { saveArchiveStore } from './save-archive-store.ts'

proveWorkflow({
  workflow: saveArchiveStore,
  hosts: [],
  finalStep: 'record',
  async arrange(fleet, name) {
    const folder = await mkdtemp(join(tmpdir(), 'skerry-proof-'))
    const path = join(folder, 'store')
    const archiveStoreId = crypto.randomUUID()
    const rows = () => fleet.db.archiveStore.findMany({ where: { id: archiveStoreId } })
    const input = {
      ...{ name, archiveStoreId, location: { kind: 'folder', path }, sealed: null, isNew: true, currency: 'EUR' },
      ...{ pricePerGbMonth: 0.01, pricePerGbRead: 0, firstByteSeconds: 0, lockDays: null },
    }
    return {
      ask: () =>
        fleet.ask({
          ...{ kind: 'save-archive-store', target: { kind: 'archive-store', id: archiveStoreId, name } },
          ...{ tenantId: null, input },
        }),
      async done() {
        expect(await rows()).toMatchObject([{ name, kind: 'folder', location: { path }, pricePerGbMonth: 0.01 }])
        expect(await readdir(path)).toContain(archiveStoreId)
      },
      remains: async () => (await rows()).map(() => 'a row'),
      async clear() {
        await fleet.db.archiveStore.deleteMany({ where: { id: archiveStoreId } })
        await rm(folder, { recursive: true, force: true })
      },
    }
  },
})
