import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FleetGuest, TestFleet } from './fleet.ts'
import { reachOverTls } from './fleet-tls.ts'
import { judgeOf } from './judge.ts'
import { testRepositories } from './repositories.ts'

/** A guest and a datastore for one trial of a workflow that takes recovery points, and how it looks out of band. */
export async function backupTrial(
  fleet: TestFleet,
  name: string,
  options: { off?: boolean; isEmpty?: boolean; memoryMib?: number } = {},
) {
  const a = fleet.host('a')
  const guest: FleetGuest = await fleet.guest('a', { name, memoryMib: 96, ...options })
  await reachOverTls(fleet, a)
  const folder = await mkdtemp(join(tmpdir(), 'skerry-proof-'))
  const path = join(folder, 'store')
  const datastoreId = crypto.randomUUID()
  const repositories = testRepositories(fleet.db, join(folder, 'cache'))
  await repositories.prepare({ storeId: datastoreId, location: { kind: 'folder', path }, sealed: null })
  await fleet.db.datastore.create({ data: { id: datastoreId, name, kind: 'folder', location: { path } } })
  const checkpoints = async () => (await a.lab.virsh('checkpoint-list', name, '--name')).split('\n').filter(Boolean)
  const points = async () => {
    const repository = await repositories.repository(datastoreId, null)
    const ids: string[] = []
    for await (const pointId of repository.recoveryPointIds()) ids.push(pointId)
    return ids.sort()
  }
  return {
    guest,
    datastoreId,
    repositories,
    folder,
    checkpoints,
    points,
    on: { target: { kind: 'vm' as const, id: guest.id, name }, tenantId: null, hostId: a.id },
    /** A recovery point of what a raw file holds. @returns its id */
    async pointOf(rawPath: string): Promise<string> {
      const id = crypto.randomUUID()
      const repository = await repositories.repository(datastoreId, null)
      const bytes = await readFile(rawPath)
      const writer = await repository.startBackup({ id, disks: [{ name: 'vda', sizeBytes: bytes.length }] })
      await writer.write('vda', 0, bytes)
      await writer.commit()
      return id
    },
    /** Names of jobs, rows and the like that a trial shall not leave */
    async remains(): Promise<string[]> {
      const files = await a.lab.run('find', '/var/lib/libvirt/images', '-name', `${name}.*scratch*`)
      const rows = await fleet.db.recoveryPoint.count({ where: { vmId: guest.id } })
      const job = (await a.lab.virsh('domjobinfo', name).catch(() => 'None')).includes('None') ? [] : ['a job']
      return [
        ...(await checkpoints()),
        ...(await points()),
        ...job,
        ...(rows ? [`${rows} rows`] : []),
        ...files.split('\n').filter(Boolean),
      ]
    },
    async clear() {
      await repositories.close()
      await judgeOf(a, name).clear()
      await fleet.db.recoveryPoint.deleteMany({ where: { datastoreId } })
      await fleet.db.datastore.deleteMany({ where: { id: datastoreId } })
      await fleet.db.vm.deleteMany({ where: { id: guest.id } })
      await rm(folder, { recursive: true, force: true })
    },
  }
}
