import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { withErrors } from '#server/api/http-error.ts'
import { downloadFile } from '#server/api/recovery-file.ts'
import { MIB, makeImage, makeTree, tool } from '#server/filesystem/testing/image.ts'
import { testRepositories } from './repositories.ts'
import { type TestServices, testServices } from './services.ts'
import { type Cast, createCast, createWorld, type World } from './world.ts'

export interface RecoveryFileTrial {
  /** Where the tests of the file may write; `tree` below it is what is on the disk */
  folder: string
  services: TestServices
  cast: Cast
  world: World
  recoveryPointId: string
  datastoreId: string
  /** What is in `large.bin` */
  large: Buffer
  /** The top folder of the disk that has one */
  root: { recoveryPointId: string; disk: string; volume: number; path: string[] }
  download(who: keyof Cast['headers'], path: string[], kind?: 'file' | 'archive', disk?: string): Promise<Response>
}

/** A recovery point with an ext4 file system on `vda` and nothing on `vdb`, for the tests of one file. */
export function recoveryFileTrial(): RecoveryFileTrial {
  const recoveryPointId = crypto.randomUUID()
  const trial = {
    recoveryPointId,
    large: randomBytes(20 * MIB),
    root: { recoveryPointId, disk: 'vda', volume: 0, path: [] as string[] },
    download(who, path, kind = 'file', disk = 'vda') {
      const query = new URLSearchParams([['disk', disk], ['volume', '0'], ...path.map((part) => ['path', part])])
      const url = `http://127.0.0.1/api/recovery-points/${recoveryPointId}/${kind}?${query}`
      const request = new Request(url, { headers: trial.cast.headers[who] })
      return withErrors(() => downloadFile(trial.services, request, recoveryPointId, kind))
    },
  } as RecoveryFileTrial
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'skerry-recovery-file-'))
    const services = await testServices({ SKERRY_CACHE: join(folder, 'cache') })
    const cast = await createCast(services)
    const world = await createWorld(services, cast)
    Object.assign(trial, { folder, services, cast, world })
    trial.datastoreId = await backUpTree(trial)
  })
  afterAll(async () => {
    await trial.services?.close()
    if (trial.folder) await rm(trial.folder, { recursive: true, force: true })
  })
  return trial
}

/** @returns the datastore that has the recovery point */
async function backUpTree({ folder, services, world, recoveryPointId, large }: RecoveryFileTrial): Promise<string> {
  const tree = join(folder, 'tree')
  await mkdir(tree)
  await makeTree(tree, { smallFiles: 700, hasLinks: true, largeBytes: MIB })
  await writeFile(join(tree, 'large.bin'), large)
  const image = await makeImage(join(folder, 'image'), 64 * MIB)
  await tool('mkfs.ext4', '-q', '-L', 'data', '-d', tree, image)
  const path = join(folder, 'store')
  const location = { kind: 'folder' as const, path }
  const datastore = await services.authDb.datastore.create({
    data: { name: 'Vault of files', kind: 'folder', location: { path } },
  })
  const datastoreId = datastore.id
  const repositories = testRepositories(services.authDb, join(folder, 'worker'))
  await repositories.prepare({ storeId: datastoreId, location, sealed: null })
  const repository = await repositories.repository(datastoreId, world.tenant.id)
  const bytes = await readFile(image)
  const disks = [
    { name: 'vda', sizeBytes: bytes.length },
    { name: 'vdb', sizeBytes: 4 * MIB },
  ]
  const writer = await repository.startBackup({ id: recoveryPointId, disks })
  await writer.write('vda', 0, bytes)
  await writer.commit()
  await repositories.close()
  const {
    id: _,
    applications: _applications,
    ...row
  } = await services.authDb.recoveryPoint.findUniqueOrThrow({
    where: { id: world.recoveryPoint.id },
  })
  await services.authDb.recoveryPoint.create({
    data: {
      ...{ ...row, id: recoveryPointId, datastoreId, shape: {} },
      disks: disks.map(({ name, sizeBytes }) => ({ target: name, sizeBytes })),
    },
  })
  return datastoreId
}
