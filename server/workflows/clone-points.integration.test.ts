import { readdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { env } from '#server/env.ts'
import { runArchival } from '#server/testing/archive-run.ts'
import { archiveTrials } from '#server/testing/archive-trial.ts'
import { createHost, createVm } from '#server/testing/vm.ts'
import { ClonePoints, standOf } from './clone-points.ts'

const trials = archiveTrials()
const half = 30 * 65_536

test('an archive store that is reached by another way is read on; what was kept of it goes with the last clone', async () => {
  const { db } = trials
  const trial = await trials.begin('stands')
  const { archiveStoreId: standsOnArchiveStoreId, tenantId, folder, far, repositories } = trial
  const [id = ''] = trial.ids
  const image = trial.images.get(id) ?? Buffer.alloc(0)
  await runArchival(db, trial, await trial.policy())
  const host = await createHost(db)
  const clone = await createVm(db, host, tenantId, { standsOnId: id, standsOnArchiveStoreId })
  const cacheFolder = join(folder, 'kept')
  const points = new ClonePoints({ db, repositories, keys: env().SKERRY_KEY, cacheFolder })
  const stand = await standOf(db, clone.uuid)
  if (!stand) throw new Error('It stands on nothing')
  expect(stand).toMatchObject({ recoveryPointId: id, archiveStoreId: standsOnArchiveStoreId, tenantId })
  const source = points.sourceOf(stand)
  const reads = async (from: number) => (await source.read('vda', from, half)).equals(image.subarray(from, from + half))
  expect(await reads(0)).toBe(true)

  const path = join(folder, 'farther')
  await rename(far, path)
  await expect(reads(half)).rejects.toMatchObject({ code: 'unavailable' })
  // What was kept is read wherever the store is.
  expect(await reads(0)).toBe(true)
  await db.archiveStore.update({ where: { id: standsOnArchiveStoreId }, data: { location: { path } } })
  await expect.poll(() => reads(half).catch(String)).toBe(true)

  await points.closeUnused()
  expect((await readdir(cacheFolder)).length).toBeGreaterThan(10)
  await db.vm.delete({ where: { id: clone.id } })
  await points.closeUnused()
  await expect(stat(cacheFolder)).rejects.toMatchObject({ code: 'ENOENT' })
  expect(await standOf(db, clone.uuid)).toBeUndefined()
  await points.close()
})
