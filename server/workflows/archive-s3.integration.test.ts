import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ArchivalPolicy } from '#prisma/generated/client.ts'
import type { Db } from '#server/db.ts'
import { eachAtOnce } from '#server/each-at-once.ts'
import { type Radosgw, radosgwMissing } from '#server/repository/testing/radosgw.ts'
import { restoreById } from '#server/repository/testing/scratch.ts'
import { storeProxy } from '#server/repository/testing/store-proxy.ts'
import { runArchival } from '#server/testing/archive-run.ts'
import { type ArchiveTrial, archiveTrial } from '#server/testing/archive-trial.ts'
import { testRepositories } from '#server/testing/repositories.ts'
import { archiveGateway, type Buckets } from '#server/testing/s3-archive.ts'

const missing = radosgwMissing()

/** Trials wait for answers most of the time. */
const atOnce = 8

/** What happens to a request on its way: it is passed on, now or later, answered with a status, or cut off. */
type Fate = number | 'pass' | 'slow' | 'cut'

describe.skipIf(missing)(`archiving to a bucket that fails${missing ? `: ${missing}` : ''}`, () => {
  let gateway: Radosgw
  let db: Db
  let buckets: Buckets
  let close: (() => Promise<void>) | undefined
  beforeAll(async () => {
    ;({ gateway, db, buckets, close } = await archiveGateway())
  })
  afterAll(() => close?.())

  /** A trial whose archive store is reached by a way of its own, on which requests have the fate that is set there. */
  interface Way {
    bucket: string
    fateOf: (request: IncomingMessage) => Fate
  }
  async function withTrial(name: string, work: (trial: ArchiveTrial, way: Way) => Promise<void>): Promise<void> {
    const direct = await buckets.newLocation()
    const way: Way = { bucket: direct.bucket, fateOf: () => 'pass' }
    const proxy = await storeProxy(gateway.endpoint, async (request, response) => {
      const fate = way.fateOf(request)
      if (fate === 'slow') await delay(50)
      if (fate === 'pass' || fate === 'slow') return false
      if (fate === 'cut') request.socket.destroy()
      else response.writeHead(fate).end()
      return true
    })
    const location = { ...direct, endpoint: proxy.endpoint }
    const trial = await archiveTrial(db, name, { location, sealedFor: buckets.sealedFor, points: 2, chunks: 8 })
    try {
      await work(trial, way)
    } finally {
      way.fateOf = () => 'pass'
      await trial.clear()
      proxy.close()
    }
  }
  /** As by a worker that knows nothing yet. */
  async function runFresh({ tenantId, folder }: ArchiveTrial, policy: ArchivalPolicy) {
    const cacheFolder = `${folder}/worker-${crypto.randomUUID()}`
    const repositories = testRepositories(db, cacheFolder)
    try {
      return await runArchival(db, { tenantId, repositories }, policy)
    } finally {
      await repositories.close()
    }
  }
  const failed = (trial: ArchiveTrial, policy: ArchivalPolicy) =>
    runFresh(trial, policy).then(
      () => undefined,
      (error) => error,
    )
  test('each thing that can be wrong names the store, the step and the way out; the local copies stay', async () => {
    await withTrial('wrong', async (trial, way) => {
      const policy = await trial.policy()
      const row = await db.archiveStore.findUniqueOrThrow({ where: { id: trial.archiveStoreId } })
      const change = (location: object, secret?: string) =>
        db.archiveStore.update({
          where: { id: row.id },
          data: {
            location: { ...(row.location as object), ...location },
            credential: Uint8Array.from(Buffer.from(buckets.sealedFor(row.id, secret), 'base64')),
          },
        })
      const wrong: [location: object, secret: string | undefined, fate: Fate | undefined, told: RegExp, out: RegExp][] =
        [
          [
            {},
            'wrong-secret-of-this-test',
            undefined,
            /secret is wrong for the archive store far wrong: could not/,
            /Enter/,
          ],
          [
            { bucket: 'not-there' },
            undefined,
            undefined,
            /archive store far wrong is not there \(no such bucket\): could not/,
            /name/,
          ],
          [
            { endpoint: 'http://127.0.0.1:1' },
            undefined,
            undefined,
            /archive store far wrong does not answer/,
            /address/,
          ],
          [{}, undefined, 403, /may not do this in the archive store far wrong: could not/, /right to/],
          [{}, undefined, 507, /archive store far wrong is full: could not/, /quota/],
          [
            {},
            undefined,
            503,
            /archive store far wrong fails or is too busy.*could not/,
            /goes on with what is stored/,
          ],
        ]
      for (const [location, secret, fate, told, out] of wrong) {
        await change(location, secret)
        way.fateOf = () => fate ?? 'pass'
        const error = await failed(trial, policy)
        expect(error, String(told)).toMatchObject({
          ...{ code: 'unavailable', message: expect.stringMatching(told), wayOut: expect.stringMatching(out) },
        })
        expect(`${error.message} ${error.wayOut} ${error.detail}`).not.toContain('wrong-secret-of-this-test')
        way.fateOf = () => 'pass'
        expect(await trial.local()).toEqual(trial.ids)
        expect(await trial.archived()).toEqual([])
      }
      await change({})
      expect(await runFresh(trial, policy)).toMatchObject({ archived: 2, released: 1 })
      expect(await trial.lost()).toEqual([])
    })
  })

  test('full while it writes: what was stored stays stored, and the next run sends only the rest', async () => {
    await withTrial('full', async (trial, way) => {
      const { bucket } = way
      const policy = await trial.policy()
      let packs = 0
      way.fateOf = ({ method, url = '' }) => (method === 'PUT' && url.includes('/packs/') && ++packs > 1 ? 507 : 'pass')
      expect(await failed(trial, policy)).toMatchObject({
        message: expect.stringMatching(/far full is full: could not write/),
      })
      expect(await trial.lost()).toEqual([])
      expect(await trial.archived()).toEqual(trial.ids.slice(0, 1))
      const before = (await buckets.versions(bucket)).objects.filter(({ Key }) => Key.includes('/packs/'))
      expect(before).toHaveLength(1)
      way.fateOf = () => 'pass'
      expect(await runFresh(trial, policy)).toMatchObject({ archived: 1 })
      const after = (await buckets.versions(bucket)).objects.map(({ Key }) => Key)
      expect(after).toEqual(expect.arrayContaining(before.map(({ Key }) => Key)))
      expect(await trial.lost()).toEqual([])
    })
  })

  test('slow: every request waits, and all of it comes through', async () => {
    await withTrial('slow', async (trial, way) => {
      way.fateOf = () => 'slow'
      expect(await runFresh(trial, await trial.policy())).toMatchObject({ archived: 2, released: 1 })
      expect(await trial.lost()).toEqual([])
    })
  })

  test('failing at the n-th request of a run that lets local copies go, for every n: nothing is lost, nothing is stored twice, the next run finishes', {
    timeout: 590_000,
  }, async () => {
    interface End {
      error: unknown
      /** Requests of the run that failed */
      count: number
      /** What was archived by then */
      before: number
      storedBytes: number
      packBytes: number
    }
    /** Each time of a tenant and to a store of its own, of which nobody knows anything yet. */
    const archived = async (name: string, fateOf: (nth: number) => Fate): Promise<End> => {
      const end: End = { error: undefined, count: 0, before: 0, storedBytes: 0, packBytes: 0 }
      await withTrial(name, async (trial, way) => {
        const { tenantId, archiveStoreId, ids, images, folder } = trial
        const policy = await trial.policy({ localCopy: 'delete' })
        way.fateOf = () => fateOf(++end.count)
        end.error = await failed(trial, policy)
        way.fateOf = () => 'pass'
        const repositories = testRepositories(db, join(folder, 'after'))
        const far = await repositories.archives.repository(archiveStoreId, tenantId)
        const areWhole = async (some: readonly string[]) => {
          for (const each of some)
            expect((await restoreById(far, each)).equals(images.get(each) ?? Buffer.alloc(0))).toBe(true)
        }
        // What was written down by then is whole there, and only of that a local copy is gone; the next run does the rest.
        const before = await trial.archived()
        await areWhole(before)
        expect(await trial.lost(repositories)).toEqual([])
        end.before = before.length
        await runArchival(db, { tenantId, repositories }, policy)
        await areWhole(ids)
        await repositories.close()
        expect(await trial.archived()).toEqual(ids)
        // The newest stays where the next backup builds on it.
        expect(await trial.local()).toEqual(ids.slice(-1))
        const { _sum } = await db.archivedPoint.aggregate({ where: { tenantId }, _sum: { storedBytes: true } })
        end.storedBytes = Number(_sum.storedBytes)
        end.packBytes = await buckets.packBytes(way.bucket)
      })
      return end
    }
    const plain = await archived('plain', () => 'pass')
    expect(plain).toMatchObject({ error: undefined, before: 2, storedBytes: plain.packBytes })
    expect(plain.count).toBeGreaterThan(20)
    // Some are asked again by the client for a while, which takes its time.
    const fates: Fate[] = [403, 507, 403, 507, 503, 403, 507, 'cut']
    const tryNth = async (n: number) => {
      const fate = fates[n % fates.length] ?? 503
      const isOnce = n % 2 === 1
      const why = `${fate} ${isOnce ? 'at' : 'from'} request ${n} of ${plain.count}`
      const end = await archived(`nth ${n}`, (nth) => (nth === n || (nth > n && !isOnce) ? fate : 'pass')).catch(
        (error) => {
          throw new Error(why, { cause: error })
        },
      )
      if (end.count >= n && !isOnce) expect(end.error, why).toBeDefined()
      if (end.error) {
        expect(end.error, why).toMatchObject({
          ...{ code: 'unavailable', message: expect.stringContaining(`archive store far nth ${n}`) },
          wayOut: expect.any(String),
        })
      }
      // Lists of ids aside: no block is there twice, and what is there was written down.
      expect(end.packBytes, why).toBeLessThan(plain.packBytes + 32_768)
      expect(end.storedBytes, why).toBe(end.packBytes)
    }
    const all = Array.from({ length: plain.count }, (_, at) => at + 1)
    await eachAtOnce(all, atOnce, tryNth)
  })
})
