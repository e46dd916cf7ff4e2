import { rm, stat, truncate } from 'node:fs/promises'
import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { restoreById } from '#server/repository/testing/scratch.ts'
import { runArchival } from '#server/testing/archive-run.ts'
import { archiveTrials } from '#server/testing/archive-trial.ts'
import { flipByte } from '#server/testing/flip-byte.ts'
import { filesOf, packsOf } from '#server/testing/store-files.ts'

const trials = archiveTrials()
const damage = { chunkCount: 1, disks: ['vda'], reason: 'found by a test', foundAt: new Date() }

test('what the archive gives back otherwise is found out: the local copy stays, the next run heals it', async () => {
  const now = await trials.begin('broken')
  const policy = await now.policy()
  const far = await now.repositories.archives.repository(now.archiveStoreId, now.tenantId)
  const put = far.chunks.store.put.bind(far.chunks.store)
  let isBroken = false
  far.chunks.store.put = (key, parts) => {
    if (isBroken || !key.includes('/packs/')) return put(key, parts)
    isBroken = true
    const bytes = Buffer.concat(parts)
    bytes[3000] = (bytes[3000] ?? 0) ^ 1
    return put(key, [bytes])
  }
  await expect(runArchival(trials.db, now, policy)).rejects.toThrow()
  expect(await now.archived()).toEqual([])
  expect(await now.local()).toEqual(now.ids)
  expect(await now.lost()).toEqual([])
  expect(await runArchival(trials.db, now, policy)).toMatchObject({ archived: 3 })
  expect(await now.lost()).toEqual([])
})

test('a local copy that was damaged meanwhile tells nothing of the one that was sent: that stays', async () => {
  const now = await trials.begin('hurt')
  const policy = await now.policy()
  const [first = ''] = now.ids
  const far = await now.repositories.archives.repository(now.archiveStoreId, now.tenantId)
  const cancel = new AbortController()
  const put = far.chunks.store.put.bind(far.chunks.store)
  far.chunks.store.put = async (key, parts) => {
    await put(key, parts)
    if (key.includes('/manifests/')) cancel.abort()
  }
  await expect(runArchival(trials.db, now, policy, { signal: cancel.signal })).rejects.toMatchObject({
    name: 'Cancelled',
  })
  far.chunks.store.put = put
  for (const path of await packsOf(now.path)) await flipByte(path, 3000)
  await expect(runArchival(trials.db, now, policy)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(/damaged/),
  })
  expect((await restoreById(far, first)).equals(now.images.get(first) ?? Buffer.alloc(0))).toBe(true)
})

test('one that is damaged in its datastore fails the run, and keeps no other from being archived', async () => {
  const now = await trials.begin('one hurt')
  const [first = '', ...others] = now.ids
  const manifest = (await filesOf(now.path)).find((path) => basename(path) === first.replaceAll('-', ''))
  await flipByte(manifest ?? '', 200)
  const failed = { code: 'unavailable', message: expect.stringMatching(/damaged/), wayOut: expect.any(String) }
  await expect(runArchival(trials.db, now, await now.policy())).rejects.toMatchObject(failed)
  expect(await now.archived()).toEqual(others)
  expect(await now.local()).toEqual([first, others.at(-1)])
  expect(await now.lost()).toEqual([first])
})

/** All are archived, the newest is in its datastore too; then it is one of those that may go from there. */
async function newestMayGo(name: string) {
  const now = await trials.begin(name)
  const policy = await now.policy({ localCopy: 'keep' })
  expect(await runArchival(trials.db, now, policy)).toMatchObject({ archived: 3 })
  const letGo = await trials.db.archivalPolicy.update({ where: { id: policy.id }, data: { localCopy: 'delete' } })
  return { now, policy: letGo, packs: await packsOf(now.far) }
}

test.each([
  ['gone', (path: string) => rm(path)],
  ['cut short', async (path: string) => truncate(path, (await stat(path)).size - 100)],
])('packs of the archive are %s before the local copies go: they stay, and are sent again', async (name, hurt) => {
  const { now, policy, packs } = await newestMayGo(`before ${name}`)
  for (const path of packs) await hurt(path)
  expect(await runArchival(trials.db, now, policy)).toMatchObject({
    ...{
      archived: 0,
      released: 0,
      left: expect.arrayContaining([expect.stringMatching(/damaged in the archive store/)]),
    },
  })
  expect(await now.local()).toEqual(now.ids)
  expect(await now.lost()).toEqual([])
  expect(await now.archived()).toEqual([])
  expect(await runArchival(trials.db, now, policy)).toMatchObject({ archived: 3, released: 2 })
  expect(await now.local()).toEqual(now.ids.slice(-1))
  expect(await now.lost()).toEqual([])
})

test('what is sent builds on none whose packs are gone: its local copy would go, and nothing had it', async () => {
  const now = await trials.begin('built on')
  const [first = '', second = '', third = ''] = now.ids
  const policy = await now.policy({ minAgeDays: 25 })
  expect(await runArchival(trials.db, now, policy)).toMatchObject({ archived: 1, released: 1 })
  for (const path of await packsOf(now.far)) await rm(path)
  const all = await trials.db.archivalPolicy.update({ where: { id: policy.id }, data: { minAgeDays: 5 } })
  expect(await runArchival(trials.db, now, all)).toMatchObject({ archived: 2, released: 1 })
  expect(await now.local()).toEqual([third])
  expect((await now.lost()).filter((id) => id !== first)).toEqual([])
  expect(await now.archived()).toContain(second)
})

test('of one that is damaged in the archive the local copy counts again, also if it was marked invalid', async () => {
  const now = await trials.begin('invalid')
  const policy = await now.policy({ localCopy: 'invalidate' })
  expect(await runArchival(trials.db, now, policy)).toMatchObject({ archived: 3, released: 2 })
  for (const path of await packsOf(now.far)) await rm(path)
  const { archiveStoreId, ids } = now
  // As a verify would.
  const found = ids.map((recoveryPointId) => ({ recoveryPointId, archiveStoreId, ...damage }))
  await trials.db.archivedPointDamage.createMany({ data: found })
  await runArchival(trials.db, now, policy)
  const rows = await trials.db.recoveryPoint.findMany({ where: { tenantId: now.tenantId } })
  expect(rows.map(({ invalidAt }) => invalidAt)).toEqual([null, null, null])
  expect(await runArchival(trials.db, now, policy)).toMatchObject({ archived: 3, released: 2 })
  expect(await now.lost()).toEqual([])
})

test('what is damaged in the archive stays there where its local copy is too, or where no run would send it again', async () => {
  const now = await trials.begin('both')
  const [first = '', second = ''] = now.ids
  const policy = await now.policy({ localCopy: 'keep' })
  expect(await runArchival(trials.db, now, policy)).toMatchObject({ archived: 3 })
  await trials.db.recoveryPointDamage.create({ data: { recoveryPointId: first, ...damage } })
  const older = { localCopy: 'delete', minAgeDays: 15 }
  const change = await trials.db.archivalPolicy.update({ where: { id: policy.id }, data: older })
  for (const path of await packsOf(now.far)) await rm(path)
  const { left } = await runArchival(trials.db, now, change)
  expect(left?.filter((text) => text.includes('both copies stay'))).toHaveLength(2)
  expect(await now.archived()).toEqual([first, now.ids[2]])
  expect(await now.local()).toEqual(now.ids)
  expect(await runArchival(trials.db, now, change)).toMatchObject({ archived: 1 })
  expect(await now.archived()).toContain(second)
})

test('what was read back long ago is read back again before the local copy goes, and rot is found', async () => {
  const { now, policy, packs } = await newestMayGo('rotten')
  const longAgo = new Date(Date.now() - 40 * 86_400_000)
  await trials.db.archivedPoint.updateMany({ where: { tenantId: now.tenantId }, data: { readBackAt: longAgo } })
  for (const path of packs) await flipByte(path, 3000)
  const { left } = await runArchival(trials.db, now, policy)
  expect(left).toContainEqual(expect.stringMatching(/damaged in the archive store/))
  expect(await now.lost()).toEqual([])
  await runArchival(trials.db, now, policy)
  expect(await now.local()).toEqual(now.ids.slice(-1))
  expect(await now.lost()).toEqual([])
})

test('what was read back long ago and is whole is let go, and proven as of today', async () => {
  const { now, policy } = await newestMayGo('sound')
  const longAgo = new Date(Date.now() - 40 * 86_400_000)
  await trials.db.archivedPoint.updateMany({ where: { tenantId: now.tenantId }, data: { readBackAt: longAgo } })
  expect(await runArchival(trials.db, now, policy)).toMatchObject({ released: 2, left: [] })
  const rows = await trials.db.archivedPoint.findMany({
    where: { tenantId: now.tenantId },
    orderBy: { takenAt: 'asc' },
    select: { readBackAt: true },
  })
  expect(rows.map(({ readBackAt }) => readBackAt > longAgo)).toEqual([true, true, false])
  expect(await now.lost()).toEqual([])
})

test('what a run has sent is not looked at again; the rest at once, and what shares with it where one is broken', async () => {
  const now = await trials.begin('looked at')
  const far = await now.repositories.archives.repository(now.archiveStoreId, now.tenantId)
  const brokenOf = far.brokenOf.bind(far)
  const looks: string[][] = []
  far.brokenOf = (ids, signal) => {
    looks.push(ids.toSorted())
    return brokenOf(ids, signal)
  }
  const [first = '', second = '', third = ''] = now.ids
  const policy = await now.policy({ localCopy: 'invalidate', minAgeDays: 15 })
  const change = (data: object) => trials.db.archivalPolicy.update({ where: { id: policy.id }, data })
  expect(await runArchival(trials.db, now, policy)).toMatchObject({ archived: 2, released: 2 })
  expect(looks).toEqual([])
  const valid = { where: { tenantId: now.tenantId }, data: { invalidAt: null } }
  await trials.db.recoveryPoint.updateMany(valid)
  expect(await runArchival(trials.db, now, policy)).toMatchObject({ archived: 0, released: 2 })
  expect(looks.splice(0)).toEqual([[first, second].toSorted()])
  await trials.db.recoveryPoint.updateMany(valid)
  await runArchival(trials.db, now, await change({ localCopy: 'keep', minAgeDays: 0 }))
  for (const path of await packsOf(now.far)) await rm(path)
  await runArchival(trials.db, now, await change({ localCopy: 'invalidate', minAgeDays: 15 }))
  expect(looks).toEqual([[first, second].toSorted(), [third]])
  // The third is too young to be sent again.
  expect(await now.archived()).toEqual([third])
  expect(await now.lost()).toEqual([])
})
