import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import type { ArchivalPolicy } from '#prisma/generated/client.ts'
import { createArchivalPolicy, previewRules, rulesOf } from '#server/core/archival-policy.ts'
import { askForArchival, askForExpiry } from '#server/core/archival-round.ts'
import { archiveKeyOf } from '#server/core/archive-key.ts'
import { listArchivedPoints } from '#server/core/archived-point.ts'
import { CredentialBox } from '#server/core/credential.ts'
import { type Db, inScope } from '#server/db.ts'
import { env } from '#server/env.ts'
import { openArchive } from '#server/repository/archive.ts'
import { FolderStore } from '#server/repository/folder-store.ts'
import { restoreById } from '#server/repository/testing/scratch.ts'
import { runArchival } from '#server/testing/archive-run.ts'
import { type ArchiveTrial, archiveTrial, archiveTrials } from '#server/testing/archive-trial.ts'
import { noFault } from '#server/testing/fault.ts'
import { filesOf, packsOf } from '#server/testing/store-files.ts'
import { bringBackRecoveryPoint } from './bring-back-recovery-point.ts'
import type { BareContext } from './define.ts'

const trials = archiveTrials()
const begun = trials.begin
let db: Db
beforeAll(() => {
  db = trials.db
})

const run = (of: ArchiveTrial, policy: ArchivalPolicy, options: { signal?: AbortSignal } = {}) =>
  runArchival(db, of, policy, options)

test('archived, proven, gone from the datastore but for the newest; the archive and the key alone give all of it back', async () => {
  const now = await begun('whole')
  const policy = await now.policy()
  expect(await run(now, policy)).toMatchObject({ archived: 3, released: 2, expired: 0, left: [] })
  expect(await now.archived()).toEqual(now.ids)
  expect(await now.local()).toEqual(now.ids.slice(-1))
  // No database, no datastore, no SKERRY_KEY: a folder and 32 bytes.
  const key = await archiveKeyOf(db, CredentialBox.fromText(env().SKERRY_KEY), now.tenantId)
  await rename(now.path, join(now.folder, 'lost'))
  const cacheFolder = await mkdtemp(join(tmpdir(), 'skerry-alone-'))
  const far = join(now.folder, 'far')
  const alone = await openArchive(await FolderStore.open(far), key, { cacheFolder })
  for (const id of now.ids) {
    expect((await restoreById(alone, id)).equals(now.images.get(id) ?? Buffer.alloc(0))).toBe(true)
    expect((await alone.describe(id))?.description.label).toMatchObject({
      ...{ vm: now.vmUuid, name: 'whole', definition: '<domain><name>whole</name></domain>' },
    })
  }
  await alone.close()
  await expect(openArchive(await FolderStore.open(far), Buffer.alloc(32), { cacheFolder })).rejects.toMatchObject({
    code: 'unavailable',
  })
  await rm(cacheFolder, { recursive: true, force: true })
  await rename(join(now.folder, 'lost'), now.path)
})

test('marked invalid: the local copies stay, and are not sent again', async () => {
  const now = await begun('invalid')
  const policy = await now.policy({ localCopy: 'invalidate' })
  expect(await run(now, policy)).toMatchObject({ archived: 3, released: 2 })
  const rows = await db.recoveryPoint.findMany({ where: { tenantId: now.tenantId }, orderBy: { takenAt: 'asc' } })
  expect(rows.map(({ invalidAt }) => invalidAt !== null)).toEqual([true, true, false])
  expect(await run(now, policy)).toMatchObject({ archived: 0, released: 0 })
})

test('cancelled in the middle: nothing is lost, and the next run goes on without storing anything twice', async () => {
  const now = await begun('cancelled')
  const policy = await now.policy()
  const cancel = new AbortController()
  const { store } = (await now.repositories.archives.repository(now.archiveStoreId, now.tenantId)).chunks
  const put = store.put.bind(store)
  store.put = async (key, parts) => {
    await put(key, parts)
    if (key.includes('/packs/')) cancel.abort()
  }
  await expect(run(now, policy, { signal: cancel.signal })).rejects.toMatchObject({ name: 'Cancelled' })
  store.put = put
  expect(await now.lost()).toEqual([])
  await run(now, policy)
  expect(await now.archived()).toEqual(now.ids)
  expect(await now.lost()).toEqual([])
  const repository = await now.repositories.archives.repository(now.archiveStoreId, now.tenantId)
  // Lists of ids aside: no block is there twice.
  expect((await repository.usage()).deadBytes).toBeLessThan(32_768)
  // What is written down is, byte for byte, what the packs take on the disk.
  const packs = await packsOf(now.far)
  const sizes = await Promise.all(packs.map(async (path) => (await stat(path)).size))
  const { _sum } = await db.archivedPoint.aggregate({
    where: { tenantId: now.tenantId },
    _sum: { storedBytes: true },
  })
  expect(Number(_sum.storedBytes)).toBe(sizes.reduce((sum, size) => sum + size, 0))
})

test('a store that is full or gone fails the run, and nothing is lost', async () => {
  const now = await begun('full')
  const policy = await now.policy()
  const far = join(now.folder, 'far')
  const repository = await now.repositories.archives.repository(now.archiveStoreId, now.tenantId)
  const put = repository.chunks.store.put.bind(repository.chunks.store)
  let count = 0
  repository.chunks.store.put = (key, parts) =>
    ++count > 3 ? Promise.reject(Object.assign(new Error('no space left'), { code: 'ENOSPC' })) : put(key, parts)
  await expect(run(now, policy)).rejects.toThrow()
  repository.chunks.store.put = put
  await rename(far, `${far}-gone`)
  await expect(run(now, policy)).rejects.toMatchObject({ code: 'unavailable' })
  await rename(`${far}-gone`, far)
  expect(await now.lost()).toEqual([])
  await run(now, policy)
  expect(await now.archived()).toEqual(now.ids)
  expect(await now.lost()).toEqual([])
})

test('brought back into the datastore: of what that has already nothing is read; an invalid copy is valid again', async () => {
  const now = await begun('back')
  await run(now, await now.policy())
  const [first = ''] = now.ids
  const bringBack = async () => {
    const { archiveStoreId, datastoreId, tenantId, repositories } = now
    const context = {
      ...{ db, repositories, operation: { tenantId }, memory: {}, progress: () => undefined },
      ...{ input: { recoveryPointId: first, archiveStoreId, datastoreId }, signal: new AbortController().signal },
    } as unknown as BareContext
    const memory = (await bringBackRecoveryPoint.do(0, context)) ?? {}
    await bringBackRecoveryPoint.do(1, { ...context, memory })
    return bringBackRecoveryPoint.result(memory)
  }
  const { readBytes } = (await bringBack()) as { readBytes: number }
  // Ten blocks at the most have changed since.
  expect(readBytes).toBeLessThanOrEqual(10 * 65_536)
  const near = await now.repositories.repository(now.datastoreId, now.tenantId)
  expect((await restoreById(near, first)).equals(now.images.get(first) ?? Buffer.alloc(0))).toBe(true)
  expect(await now.local()).toEqual([first, now.ids[2]])
  await db.recoveryPoint.update({ where: { id: first }, data: { invalidAt: new Date() } })
  expect(await bringBack()).toMatchObject({ readBytes: 0 })
  expect(await db.recoveryPoint.findUnique({ where: { id: first } })).toMatchObject({ invalidAt: null })
})

test('the tenant’s limit in the archive stops it before it is passed', async () => {
  const now = await begun('limit')
  const policy = await now.policy()
  const where = { archiveStoreId: now.archiveStoreId }
  await db.archiveGrant.updateMany({ where, data: { maxBytes: 1000n } })
  await expect(run(now, policy)).rejects.toMatchObject({ code: 'conflict' })
  expect(await now.archived()).toEqual([])
  await db.archiveGrant.updateMany({ where, data: { maxBytes: null, mayDeleteLocal: false } })
  await expect(run(now, policy)).rejects.toMatchObject({ code: 'invalid', field: 'localCopy' })
  expect(await now.local()).toEqual(now.ids)
})

test('what has been kept for its time goes, and gives its space back; what is read stays', async () => {
  const now = await begun('expiry')
  const policy = await now.policy()
  await run(now, policy)
  const [first = '', second = ''] = now.ids
  const past = { expiresAt: new Date(Date.now() - 1000) }
  await db.archivedPoint.updateMany({ where: { id: { in: [first, second] } }, data: past })
  const reader = await db.operation.create({
    data: {
      ...{ kind: 'restore-vm', targetKind: 'vm', targetId: now.vmUuid, targetName: 'x', exclusive: false },
      ...{ actorKind: 'user', actorName: 'Tester', state: 'running', input: { recoveryPointId: second } },
      tenantId: now.tenantId,
    },
  })
  expect(await run(now, policy)).toMatchObject({ expired: 1 })
  expect(await now.archived()).toEqual(now.ids.slice(1))
  await db.operation.delete({ where: { id: reader.id } })
  expect(await run(now, policy)).toMatchObject({ expired: 1 })
  const repository = await now.repositories.archives.repository(now.archiveStoreId, now.tenantId)
  expect(await repository.describe(first)).toBeUndefined()
  expect((await repository.verify()).damage).toEqual([])
})

test('policies are asked for when they are due, once, and expiry by itself', async () => {
  const now = await begun('due')
  const policy = await now.policy({ nextAt: new Date(Date.now() - 1000) })
  expect(await db.$transaction((tx) => askForArchival(tx, new Date(), noFault))).toBe(true)
  expect(await db.$transaction((tx) => askForArchival(tx, new Date(), noFault))).toBe(false)
  const [asked] = await db.operation.findMany({ where: { kind: 'archive-recovery-points', tenantId: now.tenantId } })
  expect(asked).toMatchObject({ targetId: policy.id, actorName: `Archival policy ${policy.name}` })
  await db.operation.deleteMany({ where: { tenantId: now.tenantId } })
  await run(now, policy)
  await db.archivedPoint.updateMany({ where: { tenantId: now.tenantId }, data: { expiresAt: new Date(0) } })
  expect(await db.$transaction((tx) => askForExpiry(tx, new Date(), noFault))).toBe(true)
  expect(await db.$transaction((tx) => askForExpiry(tx, new Date(), noFault))).toBe(false)
})

test('how full it is goes by the last measure of the datastore, unless points came or went since', async () => {
  const now = await begun('fullness')
  const half = { begins: 'fullness', minAgeDays: 0, aboveBytes: 40_000_000n, downToBytes: 39_000_000n }
  const policy = await now.policy(half)
  const planned = async () => (await previewRules(db, now.tenantId, rulesOf(policy), new Date())).now.points
  expect(await planned()).toBe(0)
  const share = {
    recoveryPoints: 3,
    restorableBytes: 1n,
    contentBytes: 1n,
    dedupRatio: 1,
    compressionRatio: 1,
    vmBytes: {},
  }
  const { datastoreId, tenantId } = now
  await db.datastoreShare.create({
    data: { ...share, datastoreId, tenantId, storedBytes: 60_000_000n, deadBytes: 5_000_000n, measuredAt: new Date() },
  })
  expect(await planned()).toBeGreaterThan(0)
  await db.datastoreShare.updateMany({ where: { datastoreId }, data: { deadBytes: 25_000_000n } })
  expect(await planned()).toBe(0)
  await db.datastoreShare.updateMany({ where: { datastoreId }, data: { deadBytes: 5_000_000n } })
  await db.datastore.update({ where: { id: datastoreId }, data: { measureAskedAt: new Date(Date.now() + 1000) } })
  expect(await planned()).toBe(0)
})

test('another tenant’s store, VM and archived points are not there; rules beyond limits are refused', async () => {
  const now = await begun('mine')
  const other = await archiveTrial(db, 'theirs')
  try {
    const rules = rulesOf(await now.policy())
    await run(other, await other.policy())
    const asMe = <T>(work: Parameters<typeof inScope<T>>[2]) => inScope(db, { tenantIds: [now.tenantId] }, work)
    const input = { ...rules, name: 'x', enabled: true }
    const create = (more: object) => asMe((tx) => createArchivalPolicy(tx, now.tenantId, { ...input, ...more }, 'me'))
    await expect(create({ archiveStoreId: other.archiveStoreId })).rejects.toMatchObject({ code: 'not-found' })
    await expect(create({ allVms: false, vmIds: [crypto.randomUUID()] })).rejects.toMatchObject({ code: 'not-found' })
    await expect(create({ datastoreId: crypto.randomUUID() })).rejects.toMatchObject({ code: 'not-found' })
    await expect(create({ keepDays: 5000 })).rejects.toMatchObject({ code: 'invalid', field: 'keepDays' })
    expect(await asMe((tx) => tx.archivedPoint.count())).toBe(0)
    expect(await asMe((tx) => tx.archiveKey.count())).toBe(0)
    expect((await asMe((tx) => tx.archiveStore.findMany())).map(({ id }) => id)).toEqual([now.archiveStoreId])
    const preview = await asMe((tx) => previewRules(tx, now.tenantId, rules, new Date()))
    expect(preview.now).toMatchObject({ points: 3, leavesPoints: 2, vms: 1 })
    // The estimate is no less than what it takes.
    await run(now, await db.archivalPolicy.findFirstOrThrow({ where: { tenantId: now.tenantId } }))
    const { _sum } = await db.archivedPoint.aggregate({
      where: { tenantId: now.tenantId },
      _sum: { storedBytes: true },
    })
    expect(preview.now.bytes).toBeGreaterThanOrEqual(Number(_sum.storedBytes) * 0.95)
    expect(await listArchivedPoints(db, { vmId: crypto.randomUUID() })).toEqual([])
    // Each tenant has an archive of its own, sealed with its own key.
    const folders = await readdir(join(now.folder, 'far', now.archiveStoreId))
    expect(folders.sort()).toEqual(['datastore', now.tenantId].sort())
    expect((await stat(join(now.folder, 'far'))).isDirectory()).toBe(true)
    expect((await filesOf(now.far)).length).toBeGreaterThan(5)
  } finally {
    await other.clear()
  }
})
