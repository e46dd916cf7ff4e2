import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Db } from '#server/db.ts'
import type { Repository } from '#server/repository/repository.ts'
import { seededRandom } from '#server/repository/testing/random.ts'
import { backUp, randomImage, temporaryFolder } from '#server/repository/testing/scratch.ts'
import { noTenantId, type Repositories } from '#server/workflows/repositories.ts'
import { testRepositories } from './repositories.ts'
import { filesOf, packsOf } from './store-files.ts'

const run = promisify(execFile)
const chunkBytes = 65_536

/** A datastore in a folder of its own, with backups that no hypervisor was asked for. */
export interface DatastoreTrial {
  id: string
  name: string
  path: string
  repositories: Repositories
  repository(tenantId?: string | null): Promise<Repository>
  /** The operation's target, and what all of its operations share */
  asked: { target: { kind: 'datastore'; id: string; name: string }; tenantId: null }
  /** Backs an image up, with the recovery point's row. @returns its id */
  backUp(options?: { image?: Buffer; tenantId?: string | null; vmName?: string }): Promise<string>
  /** Files below the datastore's own folder, by their whole path */
  files(folder?: string): Promise<string[]>
  packs(tenantId?: string): Promise<string[]>
  packBytes(): Promise<number>
  clear(): Promise<void>
}

export const imageOf = (seed: number, chunks = 24): Buffer => randomImage(seededRandom(seed), chunks * chunkBytes)

/** @param options a file system of its own, of that size */
export async function datastoreTrial(
  db: Db,
  name: string,
  options: { sizeMiB?: number } = {},
): Promise<DatastoreTrial> {
  const folder = await mkdtemp(join(await temporaryFolder(), 'skerry-trial-'))
  const path = join(folder, 'store')
  const id = crypto.randomUUID()
  if (options.sizeMiB) {
    await mkdir(path)
    await run('mount', ['-t', 'tmpfs', '-o', `size=${options.sizeMiB}m`, 'tmpfs', path])
  }
  const repositories = testRepositories(db, join(folder, 'cache'))
  await repositories.prepare({ storeId: id, location: { kind: 'folder', path }, sealed: null })
  await db.datastore.create({ data: { id, name, kind: 'folder', location: { path } } })
  const packs = (tenantId = noTenantId) => packsOf(join(path, id, tenantId))
  return {
    ...{ id, name, path, repositories },
    repository: (tenantId = null) => repositories.repository(id, tenantId),
    asked: { target: { kind: 'datastore', id, name }, tenantId: null },
    async backUp({ image = imageOf(1), tenantId = null, vmName = 'trial' } = {}) {
      const [pointId, vmUuid] = [crypto.randomUUID(), crypto.randomUUID()]
      await backUp(await repositories.repository(id, tenantId), pointId, image, { vm: vmUuid })
      await db.recoveryPoint.create({
        data: {
          ...{ id: pointId, tenantId, vmUuid, vmName, datastoreId: id, takenAt: new Date() },
          ...{ consistency: 'crash', reading: 'full', disks: [{ target: 'vda', sizeBytes: image.length }] },
          ...{ sizeBytes: BigInt(image.length), readBytes: BigInt(image.length), storedBytes: 1n, tookMs: 1 },
          definition: new Uint8Array(1),
        },
      })
      return pointId
    },
    files: (below = '') => filesOf(join(path, id, below)),
    packs,
    async packBytes() {
      const sizes = (await packs()).map(async (pack) => (await stat(pack)).size)
      return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
    },
    async clear() {
      await db.recoveryPoint.deleteMany({ where: { datastoreId: id } })
      await db.datastore.deleteMany({ where: { id } })
      await repositories.close()
      if (options.sizeMiB) await run('umount', [path])
      await rm(folder, { recursive: true, force: true })
    },
  }
}
