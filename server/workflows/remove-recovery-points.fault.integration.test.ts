import { readdir } from 'node:fs/promises'
import { expect } from 'vitest'
import { testDatastore } from '#server/testing/datastore.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { removeRecoveryPoints } from './remove-recovery-points.ts'

proveWorkflow({
  workflow: removeRecoveryPoints,
  hosts: [],
  finalStep: 'remove',
  async arrange(fleet, name) {
    const datastore = await testDatastore(fleet, name)
    const { id: datastoreId } = datastore
    const repository = await datastore.repositories.repository(datastoreId, null)
    const made: string[] = []
    for (const takenAt of [1, 2, 3].map((day) => new Date(Date.UTC(2026, 0, day)))) {
      const id = crypto.randomUUID()
      const writer = await repository.startBackup({ id, disks: [{ name: 'vda', sizeBytes: 65536 }] })
      await writer.write('vda', 0, Buffer.alloc(65536, made.length + 1))
      await writer.commit()
      await fleet.db.recoveryPoint.create({
        data: {
          ...{ id, vmUuid: crypto.randomUUID(), vmName: name, datastoreId, takenAt, consistency: 'off' },
          ...{ reading: 'full', disks: [], sizeBytes: 65536n, readBytes: 65536n, storedBytes: 1n, tookMs: 1 },
          definition: new Uint8Array(1),
        },
      })
      made.push(id)
    }
    const [kept, ...ids] = made
    const rows = async () => {
      const found = await fleet.db.recoveryPoint.findMany({ where: { datastoreId }, orderBy: { takenAt: 'asc' } })
      return found.map(({ id }) => id)
    }
    /** Names of the objects that hide recovery points */
    const hidden = async () => {
      const files = await readdir(datastore.path, { recursive: true })
      return files.flatMap((file) => /removed\/(?:.*\/)?([0-9a-f]{32})$/.exec(file)?.[1] ?? []).sort()
    }
    return {
      ask: () =>
        fleet.ask({
          ...{ kind: 'remove-recovery-points', target: { kind: 'datastore', id: datastoreId, name }, tenantId: null },
          ...{ exclusive: false, input: { datastoreId, ids } },
        }),
      async done(operation) {
        expect(operation.result).toEqual({ removed: 2 })
        expect(await rows()).toEqual([kept])
        expect(await hidden()).toEqual(ids.map((id) => id.replaceAll('-', '')).sort())
        const point = await repository.recoveryPoint(kept ?? '')
        expect((await point.read('vda', 0, 65536)).every((byte) => byte === 1)).toBe(true)
        await point.close()
      },
      async remains() {
        const there = await rows()
        return [...made.filter((id) => !there.includes(id)), ...(await hidden())]
      },
      async clear() {
        await fleet.db.recoveryPoint.deleteMany({ where: { datastoreId } })
        await fleet.db.datastore.deleteMany({ where: { id: datastoreId } })
        await datastore.remove()
      },
    }
  },
})
