import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { run } from '#lab/command.ts'
import { DATA_START_BYTES } from '#lab/guest/disk.ts'
import { NbdServer } from '#server/nbd/server.ts'
import type { Repositories } from '#server/workflows/repositories.ts'
import type { FleetGuest, FleetHost, TestFleet } from './fleet.ts'
import { fleetForTests } from './fleet-for-tests.ts'
import { reachOverTls } from './fleet-tls.ts'
import { testRepositories } from './repositories.ts'

/** One host and a datastore in a folder, for the tests of one file that back VMs up, and how they look out of band. */
export function backupFleet(id: string, reach: (fleet: TestFleet, host: FleetHost) => Promise<unknown> = reachOverTls) {
  const { fleet, a, setHooks, operator } = fleetForTests(id, ['a'])
  const datastoreId = crypto.randomUUID()
  let folder = ''
  let repositories: Repositories
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skerry-datastore-'))
    await reach(fleet, a)
    repositories = testRepositories(fleet.db, join(folder, 'cache'))
    const location = { kind: 'folder', path: join(folder, 'store') }
    const added = await fleet.ask({
      ...{ kind: 'add-datastore', target: { kind: 'datastore', id: datastoreId, name: 'first' }, tenantId: null },
      input: { name: 'first', datastoreId, location, sealed: null },
    })
    expect((await fleet.ended(added)).error).toBeNull()
  })
  afterAll(async () => {
    await repositories?.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** The disk as it would be restored, as a raw file. @returns its path */
  async function exported(recoveryPointId: string, target = 'vda'): Promise<string> {
    const repository = await repositories.repository(datastoreId, null)
    const point = await repository.recoveryPoint(recoveryPointId)
    const disk = point.description.disks.find(({ name }) => name === target)
    const socketPath = join(folder, `${recoveryPointId}.sock`)
    const server = await NbdServer.start({
      listen: { socketPath },
      open: () => ({ sizeBytes: disk?.sizeBytes ?? 0, read: (at, length) => point.read(target, at, length) }),
    })
    const path = join(folder, 'exported.raw')
    try {
      await run('qemu-img', ['convert', '-O', 'raw', `nbd+unix:///disk?socket=${socketPath}`, path])
    } finally {
      await server.close()
      await point.close()
    }
    return path
  }

  const sumOf = async (path: string) => (await run('sha256sum', [path])).slice(0, 64)

  return {
    ...{ fleet, a, datastoreId, setHooks, operator },
    storePath: () => join(folder, 'store'),
    repository: () => repositories.repository(datastoreId, null),
    async backUp({ id, name }: FleetGuest, more: object = {}) {
      const target = { kind: 'vm' as const, id, name }
      const input = { datastoreId, ...more }
      return fleet.ended(await fleet.ask({ kind: 'back-up-vm', target, tenantId: null, hostId: a.id, input }))
    },
    checkpoints: async (name: string) =>
      (await a.lab.virsh('checkpoint-list', name, '--name')).split('\n').filter(Boolean),
    /** Ids of all recovery points that the datastore has, whatever the database knows */
    async points(): Promise<string[]> {
      const ids: string[] = []
      for await (const id of (await repositories.repository(datastoreId, null)).recoveryPointIds()) ids.push(id)
      return ids
    },
    /** sha256 of what a disk of the recovery point holds */
    pointSum: async (recoveryPointId: string, target?: string) => sumOf(await exported(recoveryPointId, target)),
    /** sha256 of what a disk of the host holds, by its path there */
    async diskSum(diskPath: string): Promise<string> {
      const path = join(folder, 'disk.raw')
      await run('qemu-img', ['convert', '-U', '-O', 'raw', a.lab.outsidePath(diskPath), path])
      return sumOf(path)
    },
    /** Of the files on the guest's disk: what dumpe2fs tells of them. */
    async fileSystem(recoveryPointId: string): Promise<string> {
      const [disk, files] = [await exported(recoveryPointId), join(folder, 'files.ext4')]
      await run('dd', [`if=${disk}`, `of=${files}`, 'bs=1M', `skip=${DATA_START_BYTES / 2 ** 20}`, 'status=none'])
      return run('dumpe2fs', ['-h', files])
    },
    /** What qemu-img says of a recovery point beside the guest's disk as it is; it throws where they differ. */
    async compared(recoveryPointId: string, { diskPath }: FleetGuest): Promise<string> {
      const disk = a.lab.outsidePath(diskPath)
      return run('qemu-img', ['compare', '-U', '-f', 'raw', '-F', 'qcow2', await exported(recoveryPointId), disk])
    },
  }
}
