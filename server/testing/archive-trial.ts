import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll } from 'vitest'
import type { ArchivalPolicy, Prisma } from '#prisma/generated/client.ts'
import { CredentialBox } from '#server/core/credential.ts'
import { type Db, openDb } from '#server/db.ts'
import { env } from '#server/env.ts'
import { seededRandom } from '#server/repository/testing/random.ts'
import { backUp, changeImage, randomImage, restoreById, temporaryFolder } from '#server/repository/testing/scratch.ts'
import type { StoreLocation } from '#server/schema/store.ts'
import { testDatabase } from './postgres.ts'
import { testRepositories } from './repositories.ts'

const chunkBytes = 65_536
const dayMs = 86_400_000

/** A tenant with a chain of backups of a VM that is gone, and an archive store that it may use. */
export async function archiveTrial(
  db: Db,
  name: string,
  options: { location?: StoreLocation; sealedFor?: (storeId: string) => string; points?: number; chunks?: number } = {},
) {
  const folder = await mkdtemp(join(await temporaryFolder(), 'skerry-archive-'))
  const path = join(folder, 'near')
  const location = options.location ?? { kind: 'folder', path: join(folder, 'far') }
  const [tenantId, datastoreId, archiveStoreId, vmUuid] = [0, 1, 2, 3].map(() => crypto.randomUUID()) as [
    string,
    string,
    string,
    string,
  ]
  const sealed = options.sealedFor?.(archiveStoreId) ?? null
  const repositories = testRepositories(db, join(folder, 'cache'))
  await db.tenant.create({ data: { id: tenantId, name, slug: `${name}-${tenantId}`.toLowerCase() } })
  await repositories.prepare({ storeId: datastoreId, location: { kind: 'folder', path }, sealed: null })
  await repositories.prepare({ storeId: archiveStoreId, location, sealed })
  await db.datastore.create({ data: { id: datastoreId, name: `near ${name}`, kind: 'folder', location: { path } } })
  const { kind, ...place } = location
  await db.archiveStore.create({
    data: {
      ...{ id: archiveStoreId, name: `far ${name}`, kind, location: place, currency: 'EUR', firstByteSeconds: 3 },
      ...{ pricePerGbMonth: 1, pricePerGbRead: 2 },
      credential: sealed === null ? null : Uint8Array.from(Buffer.from(sealed, 'base64')),
      grants: { create: { tenantId, minKeepDays: 1, maxKeepDays: 1000, mayDeleteLocal: true } },
    },
  })
  const random = seededRandom(11)
  const image = randomImage(random, (options.chunks ?? 60) * chunkBytes)
  const images = new Map<string, Buffer>()
  const ids: string[] = []
  const near = await repositories.repository(datastoreId, tenantId)
  const box = CredentialBox.fromText(env().SKERRY_KEY)
  const count = options.points ?? 3
  for (let number = 0; number < count; number++) {
    const id = crypto.randomUUID()
    const parentId = ids.at(-1)
    const indexes = parentId ? changeImage(random, image, 5) : undefined
    await backUp(near, id, image, parentId && indexes ? { parentId, indexes } : {})
    images.set(id, Buffer.from(image))
    await db.recoveryPoint.create({
      data: {
        ...{
          id,
          tenantId,
          vmUuid,
          vmName: name,
          datastoreId,
          consistency: 'crash',
          reading: parentId ? 'incremental' : 'full',
        },
        ...{ takenAt: new Date(Date.now() - (count - number) * 10 * dayMs), parentId: parentId ?? null },
        ...{ disks: [{ target: 'vda', sizeBytes: image.length }], sizeBytes: BigInt(image.length), tookMs: 1 },
        ...{ readBytes: 1n, storedBytes: BigInt((await near.describe(id))?.description.storedBytes ?? 0) },
        definition: box.seal(`<domain><name>${name}</name></domain>`, id),
      },
    })
    ids.push(id)
  }
  return {
    ...{
      folder,
      path,
      far: join(folder, 'far'),
      location,
      tenantId,
      datastoreId,
      archiveStoreId,
      vmUuid,
      repositories,
      ids,
      images,
    },
    async policy(more: Partial<Prisma.ArchivalPolicyUncheckedCreateInput> = {}): Promise<ArchivalPolicy> {
      return db.archivalPolicy.create({
        data: {
          ...{ tenantId, name: `policy ${crypto.randomUUID()}`, archiveStoreId, allVms: true, which: 'every' },
          ...{ begins: 'age', minAgeDays: 5, timeZone: 'UTC', keepDays: 100, localCopy: 'delete' },
          ...{ nextAt: new Date(Date.now() + dayMs), createdBy: 'Tester' },
          ...more,
        },
      })
    },
    local: async () => {
      const rows = await db.recoveryPoint.findMany({ where: { tenantId }, orderBy: { takenAt: 'asc' } })
      return rows.map(({ id }) => id)
    },
    archived: async () => {
      const rows = await db.archivedPoint.findMany({ where: { tenantId }, orderBy: { takenAt: 'asc' } })
      return rows.map(({ id }) => id)
    },
    /** Those of the recovery points that can't be restored byte for byte from any place */
    async lost(by = repositories): Promise<string[]> {
      const lost: string[] = []
      for (const id of ids) {
        const repository = await by.repository(datastoreId, tenantId)
        const far = await by.archives.repository(archiveStoreId, tenantId)
        const isWhole = async (at: typeof far) =>
          (await restoreById(at, id).catch(() => undefined))?.equals(images.get(id) ?? Buffer.alloc(0)) === true
        const [hasLocal, hasArchived] = [
          await db.recoveryPoint.count({ where: { id } }),
          await db.archivedPoint.count({ where: { id } }),
        ]
        const isThere = (hasLocal > 0 && (await isWhole(repository))) || (hasArchived > 0 && (await isWhole(far)))
        if (!isThere) lost.push(id)
      }
      return lost
    },
    async clear() {
      await repositories.close()
      await db.archivedPoint.deleteMany({ where: { tenantId } })
      await db.archivalPolicy.deleteMany({ where: { tenantId } })
      await db.recoveryPoint.deleteMany({ where: { datastoreId } })
      await db.operation.deleteMany({ where: { tenantId } })
      await db.archiveStore.deleteMany({ where: { id: archiveStoreId } })
      await db.datastore.deleteMany({ where: { id: datastoreId } })
      await db.tenant.deleteMany({ where: { id: tenantId } })
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export type ArchiveTrial = Awaited<ReturnType<typeof archiveTrial>>

/** Trials in folders, one a test, over a database of the file. */
export function archiveTrials() {
  let database: Awaited<ReturnType<typeof testDatabase>> | undefined
  let trial: ArchiveTrial | undefined
  const trials = {
    /** From the first test on */
    db: undefined as unknown as Db,
    async begin(name: string): Promise<ArchiveTrial> {
      trial = await archiveTrial(trials.db, name)
      return trial
    },
  }
  beforeAll(async () => {
    database = await testDatabase()
    trials.db = openDb(database.url, { scope: 'fleet' })
  })
  afterEach(async () => {
    await trial?.clear()
    trial = undefined
  })
  afterAll(async () => {
    await trials.db?.$disconnect()
    await database?.close()
  })
  return trials
}
