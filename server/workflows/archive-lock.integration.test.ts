import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  DeleteObjectCommand,
  GetObjectRetentionCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { archiveKeyOf } from '#server/core/archive-key.ts'
import { CredentialBox } from '#server/core/credential.ts'
import type { Db } from '#server/db.ts'
import { env } from '#server/env.ts'
import { openArchive } from '#server/repository/archive.ts'
import { S3Store } from '#server/repository/s3-store.ts'
import { type Radosgw, radosgwMissing } from '#server/repository/testing/radosgw.ts'
import { restoreById } from '#server/repository/testing/scratch.ts'
import { keptUntil } from '#server/schema/archive.ts'
import type { S3Location } from '#server/schema/store.ts'
import { runArchival } from '#server/testing/archive-run.ts'
import { type ArchiveTrial, archiveTrial } from '#server/testing/archive-trial.ts'
import { testRepositories } from '#server/testing/repositories.ts'
import { archiveGateway, type Buckets, type BucketVersion } from '#server/testing/s3-archive.ts'

const missing = radosgwMissing()
const isLockedFolder = (key: string) => /\/(keys|packs|manifests)\//.test(key)

describe.skipIf(missing)(`archives under object lock${missing ? `: ${missing}` : ''}`, () => {
  let gateway: Radosgw
  let db: Db
  let buckets: Buckets
  let close: (() => Promise<void>) | undefined
  beforeAll(async () => {
    ;({ gateway, db, buckets, close } = await archiveGateway())
  })
  afterAll(() => close?.())

  async function lockOf(bucket: string, version: BucketVersion) {
    const answer = await buckets.s3
      .send(new GetObjectRetentionCommand({ Bucket: bucket, ...version }))
      .catch(() => undefined)
    const { Mode, RetainUntilDate } = answer?.Retention ?? {}
    return Mode ? { mode: Mode, until: RetainUntilDate?.toISOString() } : undefined
  }
  async function withTrial(name: string, location: S3Location, work: (trial: ArchiveTrial) => Promise<void>) {
    const trial = await archiveTrial(db, name, { location, sealedFor: buckets.sealedFor })
    await db.archiveStore.update({ where: { id: trial.archiveStoreId }, data: { lockDays: 500 } })
    try {
      await work(trial)
    } finally {
      await trial.clear()
    }
  }

  test('a trial finds out whether a bucket locks, and leaves nothing', async () => {
    await withTrial(
      'tried',
      await buckets.newLocation({ hasLock: true }),
      async ({ repositories, archiveStoreId: storeId, folder }) => {
        const tried = (location: S3Location) =>
          repositories.test({ storeId, location, sealed: buckets.sealedFor(storeId) }, () => undefined)
        const locking = await buckets.newLocation({ hasLock: true })
        expect(await tried(locking)).toMatchObject({ lockRefusal: null })
        expect(await buckets.versions(locking.bucket)).toEqual({ objects: [], markers: [] })
        expect(await tried(await buckets.newLocation())).toMatchObject({
          lockRefusal: 'The bucket was made without object lock.',
        })
        const eager = await buckets.newLocation({ hasLock: true })
        const Rule = { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } } as const
        const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled', Rule } as const
        await buckets.s3.send(new PutObjectLockConfigurationCommand({ Bucket: eager.bucket, ObjectLockConfiguration }))
        expect(await tried(eager)).toMatchObject({ lockRefusal: expect.stringContaining('by itself') })
        const inFolder = { storeId, location: { kind: 'folder' as const, path: join(folder, 'other') }, sealed: null }
        expect(await repositories.test(inFolder, () => undefined)).toMatchObject({
          lockRefusal: expect.stringContaining('A folder locks nothing'),
        })
      },
    )
  })

  test('what was archived can’t be deleted by who has the store’s key; hidden and written over it is read all the same', async () => {
    const location = await buckets.newLocation({ hasLock: true })
    const { bucket } = location
    await withTrial('locked', location, async (trial) => {
      const policy = await trial.policy({ lock: 'compliance', keepDays: 30 })
      expect(await runArchival(db, trial, policy)).toMatchObject({ archived: 3, released: 2 })
      const until = keptUntil(new Date(), 30)
      expect(await db.archivedPoint.findMany({ where: { tenantId: trial.tenantId } })).toMatchObject(
        trial.ids.map(() => ({ lock: 'compliance', lockedUntil: until, expiresAt: until })),
      )
      const there = await buckets.versions(bucket)
      const locked = there.objects.filter(({ Key }) => isLockedFolder(Key))
      // 2 copies of the key, 3 manifests, and packs.
      expect(locked.length).toBeGreaterThanOrEqual(8)
      for (const version of locked) {
        expect(await lockOf(bucket, version)).toEqual({ mode: 'COMPLIANCE', until: until.toISOString() })
        for (const BypassGovernanceRetention of [false, true]) {
          const deletion = new DeleteObjectCommand({ Bucket: bucket, ...version, BypassGovernanceRetention })
          await expect(buckets.s3.send(deletion)).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } })
        }
      }
      // What changes all the time is not locked, and leaves no versions behind.
      expect(there.objects.filter(({ Key }) => Key.includes('/sessions/'))).toEqual([])
      expect(there.markers).toEqual([])

      for (const { Key } of there.objects) {
        await buckets.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'nothing of it is left' }))
        await buckets.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }))
      }
      const key = await archiveKeyOf(db, CredentialBox.fromText(env().SKERRY_KEY), trial.tenantId)
      const cacheFolder = await mkdtemp(join(tmpdir(), 'skerry-alone-'))
      const store = await S3Store.open({ ...gateway.settings(bucket), prefix: 'x' })
      const alone = await openArchive(store, key, { cacheFolder })
      for (const id of trial.ids) {
        expect((await restoreById(alone, id)).equals(trial.images.get(id) ?? Buffer.alloc(0))).toBe(true)
      }
      await alone.close()
      store.close()
      await rm(cacheFolder, { recursive: true, force: true })
      // Who reads it as Skerry does, with the places of yesterday in mind.
      expect(await trial.lost()).toEqual([])
    })
  })

  test('what later points share stays locked for as long as they; what has expired goes when its lock has ended', async () => {
    const location = await buckets.newLocation({ hasLock: true })
    const { bucket } = location
    await withTrial('shared', location, async (trial) => {
      const [first = '', second = '', third = ''] = trial.ids
      const days = { short: keptUntil(new Date(), 10), long: keptUntil(new Date(), 40) }
      const { id } = await trial.policy({ lock: 'governance', keepDays: 10, minAgeDays: 25, localCopy: 'keep' })
      const change = (data: object) => db.archivalPolicy.update({ where: { id }, data })
      expect(await runArchival(db, trial, await change({}))).toMatchObject({ archived: 1 })
      const early = (await buckets.versions(bucket)).objects.filter(({ Key }) => isLockedFolder(Key))
      for (const version of early) expect((await lockOf(bucket, version))?.until).toBe(days.short.toISOString())
      expect(await runArchival(db, trial, await change({ keepDays: 40, minAgeDays: 0 }))).toMatchObject({ archived: 2 })
      const manifestOf = (pointId: string) => `/manifests/${pointId.replaceAll('-', '')}`
      for (const version of early) {
        const isOnlyOfFirst = version.Key.endsWith(manifestOf(first))
        const until = isOnlyOfFirst ? days.short : days.long
        expect((await lockOf(bucket, version))?.until, version.Key).toBe(until.toISOString())
      }

      // As if its time were over by our clock, and not by the store's.
      const past = { expiresAt: new Date(Date.now() - 1000), lockedUntil: new Date(Date.now() - 1000) }
      await db.archivedPoint.updateMany({ where: { id: { in: [first, second] } }, data: past })
      const packsThen = (await buckets.versions(bucket)).objects.filter(({ Key }) => Key.includes('/packs/'))
      const ended = await runArchival(db, trial, await change({ enabled: false, minAgeDays: 1000 }))
      expect(ended).toMatchObject({ expired: 2, locked: { until: days.long.toISOString() } })
      expect(ended.locked?.objects).toBeGreaterThanOrEqual(2)
      const held = await buckets.versions(bucket)
      expect(held.objects.some(({ Key }) => Key.endsWith(manifestOf(first)))).toBe(true)
      // Nothing was copied out of what stays anyway.
      expect(held.objects.filter(({ Key }) => Key.includes('/packs/'))).toEqual(packsThen)
      const far = await trial.repositories.archives.repository(trial.archiveStoreId, trial.tenantId)
      expect((await restoreById(far, third)).equals(trial.images.get(third) ?? Buffer.alloc(0))).toBe(true)

      // The provider lifts the locks, as it may in this mode; what had to stay goes, by version, and the rest is whole.
      const soon = new Date(Date.now() + 1500)
      for (const version of held.objects.filter(({ Key }) => isLockedFolder(Key))) {
        const Retention = { Mode: 'GOVERNANCE', RetainUntilDate: soon } as const
        await buckets.s3.send(
          new PutObjectRetentionCommand({ Bucket: bucket, ...version, Retention, BypassGovernanceRetention: true }),
        )
      }
      await new Promise((resolve) => setTimeout(resolve, 3000))
      const cacheFolder = join(trial.folder, 'other-worker')
      const fresh = testRepositories(db, cacheFolder)
      try {
        const gone = await runArchival(db, { tenantId: trial.tenantId, repositories: fresh }, await change({}))
        expect(gone).toMatchObject({ expired: 0, locked: null })
        const left = await buckets.versions(bucket)
        expect(left.objects.filter(({ Key }) => Key.includes('/manifests/'))).toHaveLength(1)
        expect(left.objects.filter(({ Key }) => /\/(removed|condemned|sessions)\//.test(Key))).toEqual([])
        expect(left.markers).toEqual([])
        const there = await fresh.archives.repository(trial.archiveStoreId, trial.tenantId)
        expect((await there.verify()).damage).toEqual([])
        expect((await restoreById(there, third)).equals(trial.images.get(third) ?? Buffer.alloc(0))).toBe(true)
      } finally {
        await fresh.close()
      }
    })
  })

  test('what is gone before it is locked is not written down as archived: the local copy stays', async () => {
    const location = await buckets.newLocation({ hasLock: true })
    const { bucket } = location
    await withTrial('taken', location, async (trial) => {
      const policy = await trial.policy({ lock: 'governance' })
      const far = await trial.repositories.archives.repository(trial.archiveStoreId, trial.tenantId)
      const hold = far.hold.bind(far)
      far.hold = async (...args) => {
        const [pack] = (await buckets.versions(bucket)).objects.filter(({ Key }) => Key.includes('/packs/'))
        await buckets.s3.send(new DeleteObjectCommand({ Bucket: bucket, ...pack, Key: pack?.Key ?? '' }))
        return hold(...args)
      }
      await expect(runArchival(db, trial, policy)).rejects.toMatchObject({ code: 'unavailable' })
      far.hold = hold
      expect(await trial.archived()).toEqual([])
      expect(await trial.local()).toEqual(trial.ids)
      expect(await trial.lost()).toEqual([])
    })
  })

  test('what is damaged in the archive under a lock stays there, and keeps the policy from nothing', async () => {
    const location = await buckets.newLocation({ hasLock: true })
    const { bucket } = location
    await withTrial('rotten', location, async (trial) => {
      const { id } = await trial.policy({ lock: 'governance', localCopy: 'keep' })
      const change = (data: object) => db.archivalPolicy.update({ where: { id }, data })
      expect(await runArchival(db, trial, await change({}))).toMatchObject({ archived: 3 })
      for (const version of (await buckets.versions(bucket)).objects.filter(({ Key }) => Key.includes('/packs/'))) {
        await buckets.s3.send(new DeleteObjectCommand({ Bucket: bucket, ...version, BypassGovernanceRetention: true }))
      }
      const policy = await change({ localCopy: 'delete' })
      const until = keptUntil(new Date(), policy.keepDays).toISOString().slice(0, 10)
      for (const _ of ['first', 'second']) {
        const { left, released } = await runArchival(db, trial, policy)
        expect(released).toBe(0)
        // One for each that the policy lets go, and one for the newest, which shares what is damaged.
        expect(left).toEqual(trial.ids.map(() => expect.stringContaining(`locked there until ${until}`)))
        expect(await trial.archived()).toEqual(trial.ids)
        expect(await trial.local()).toEqual(trial.ids)
      }
      expect(await trial.lost()).toEqual([])
    })
  })

  test('what was taken out of the archive before its lock ended is named, and the others are archived', async () => {
    const location = await buckets.newLocation({ hasLock: true })
    await withTrial('taken out', location, async (trial) => {
      const [first = '', ...others] = trial.ids
      const { id } = await trial.policy({ lock: 'governance', localCopy: 'keep', minAgeDays: 25 })
      const change = (data: object) => db.archivalPolicy.update({ where: { id }, data })
      expect(await runArchival(db, trial, await change({}))).toMatchObject({ archived: 1 })
      const far = await trial.repositories.archives.repository(trial.archiveStoreId, trial.tenantId)
      await far.remove(first)
      await db.archivedPoint.deleteMany({ where: { id: first } })
      const { archived, left } = await runArchival(db, trial, await change({ minAgeDays: 0, localCopy: 'delete' }))
      expect(archived).toBe(2)
      expect(left).toEqual([expect.stringMatching(/can’t take it again before \d{4}-\d\d-\d\d/)])
      expect(await trial.archived()).toEqual(others)
      expect(await trial.local()).toEqual([first, others.at(-1)])
      expect(await trial.lost()).toEqual([])
    })
  })
})
