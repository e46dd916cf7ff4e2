import { rm, stat, truncate } from 'node:fs/promises'
import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { restoreById } from '#server/repository/testing/scratch.ts'
import { runArchival } from '#server/testing/archive-run.ts'
import { archiveTrials } from '#server/testing/archive-trial.ts'
import { flipByte } from '#server/testing/datastore-trial.ts'
import { filesOf, packsOf } from '#server/testing/store-files.ts'

const trials = archiveTrials()

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
  expect(await now.archived()).toEqual([])
  expect(await now.lost()).toEqual([])
})
