import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { databaseForTests } from '#server/testing/database-for-tests.ts'
import { testDatastore } from '#server/testing/datastore.ts'
import type { OperationRef } from './define.ts'
import { removeRecoveryPoint } from './recovery-point-removal.ts'
import { noTenantId } from './repositories.ts'

const own = databaseForTests()
const operation: OperationRef = {
  ...{ id: crypto.randomUUID(), kind: 'remove-recovery-points', tenantId: null, targetId: 'x', targetName: 'x' },
  ...{ hostId: null, destinationHostId: null, requestId: null, actor: { kind: 'system', id: null, name: 'Test' } },
}

test('one that the store does not hide stays whole, its row with it; another tenant’s is not touched', async () => {
  const { db } = own
  const datastore = await testDatastore(own, 'Vault')
  try {
    const repository = await datastore.repositories.repository(datastore.id, null)
    const id = crypto.randomUUID()
    const writer = await repository.startBackup({ id, disks: [{ name: 'vda', sizeBytes: 65536 }] })
    await writer.write('vda', 0, Buffer.alloc(65536, 7))
    await writer.commit()
    const row = await db.recoveryPoint.create({
      data: {
        ...{ id, vmUuid: crypto.randomUUID(), vmName: 'web', datastoreId: datastore.id, takenAt: new Date() },
        ...{ consistency: 'off', reading: 'full', disks: [{ target: 'vda', sizeBytes: 65536 }], tookMs: 1 },
        ...{ sizeBytes: 65536n, readBytes: 65536n, storedBytes: 1n, definition: new Uint8Array([1, 2, 3]) },
      },
    })
    const context = { db, operation, repositories: datastore.repositories }
    // Something stands where the marks of what is hidden go.
    const removed = join(datastore.path, datastore.id, noTenantId, 'removed')
    await rename(removed, `${removed}-away`).catch(() => undefined)
    await writeFile(removed, '')
    await expect(removeRecoveryPoint(context, datastore.id, id)).rejects.toThrow()
    expect(await db.recoveryPoint.findUnique({ where: { id } })).toEqual(row)
    await rm(removed)
    await mkdir(removed)

    const elsewhere = { ...context, operation: { ...operation, tenantId: crypto.randomUUID() } }
    await removeRecoveryPoint(elsewhere, datastore.id, id)
    expect(await db.recoveryPoint.count({ where: { id } })).toBe(1)
    expect(await readdir(removed)).toEqual([])
    await removeRecoveryPoint(context, datastore.id, id)
    expect(await db.recoveryPoint.count({ where: { id } })).toBe(0)
    expect(await readdir(removed)).toEqual([id.replaceAll('-', '')])
    await removeRecoveryPoint(context, datastore.id, id)
  } finally {
    await datastore.remove()
  }
})
