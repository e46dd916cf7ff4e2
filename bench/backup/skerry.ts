// Our side of the backup bench: a process that runs as long as the bench, as a worker does, and takes its steps from
// standard input, a line each: begin (anew) | full | incremental | restore | verify. Its argument is the bench's folder.
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connectNbd } from '#server/nbd/connect.ts'
import { readAhead } from '#server/nbd/read-ahead.ts'
import { allocationFlag, dirtyFlag } from '#server/nbd/wire.ts'
import { ahead } from '#server/repository/ahead.ts'
import { Datastore } from '#server/repository/datastore.ts'
import { FolderStore } from '#server/repository/folder-store.ts'
import { chunkBytes } from '#server/repository/layout.ts'
import { masterKeys } from '#server/repository/master-key.ts'
import type { Repository } from '#server/repository/repository.ts'
import { chunkExtents } from './chunk-extents.ts'
import { bitmapName, exportName, QemuDisk } from './qemu-disk.ts'

const [folder = ''] = process.argv.slice(2)
/** As many as a worker has when it writes to a host. */
const writesUnderWay = 32
const points = { full: '00000000-0000-4000-8000-000000000001', incremental: '00000000-0000-4000-8000-000000000002' }

/** A new one, in which nothing is. */
async function makeRepository(): Promise<Repository> {
  const root = join(folder, 'skerry')
  const cacheFolder = join(folder, 'skerry-cache')
  for (const path of [root, cacheFolder]) await rm(path, { recursive: true, force: true })
  await mkdir(root)
  const datastore = await Datastore.create({
    store: await FolderStore.prepare(root),
    id: '00000000-0000-4000-8000-0000000000d1',
    masters: masterKeys([Buffer.alloc(32, 7)]),
    cacheFolder,
  })
  return datastore.repository('00000000-0000-4000-8000-0000000000a1')
}

async function backUp(repository: Repository, id: string, parentId: string | undefined) {
  const context = parentId ? `qemu:dirty-bitmap:${bitmapName}` : 'base:allocation'
  const { socketPath } = new QemuDisk(folder)
  const client = await connectNbd({ socketPath, exportName, contexts: [context] })
  const disks = [{ name: 'vda', sizeBytes: client.sizeBytes }]
  const backup = await repository.startBackup({ id, disks, parentId })
  const { sizeBytes } = client
  const wanted = chunkExtents(client.extents(context, 0, sizeBytes), {
    flag: parentId ? dirtyFlag.dirty : allocationFlag.zero,
    isSet: parentId !== undefined,
    sizeBytes,
  })
  for await (const { offset, bytes } of readAhead(client, wanted)) await backup.write('vda', offset / chunkBytes, bytes)
  await backup.commit()
  await client.close()
}

/** Takes the disk, which is as at the incremental backup, back to the full one. */
async function restore(repository: Repository) {
  const disk = await open(join(folder, 'restored.img'), 'r+')
  const [from, to] = [await repository.recoveryPoint(points.incremental), await repository.recoveryPoint(points.full)]
  const writes = ahead(repository.readChanges(from, to, 'vda'), writesUnderWay, ({ offset, length, bytes }) =>
    disk.write(bytes ?? Buffer.alloc(length), 0, length, offset),
  )
  for await (const _ of writes);
  await disk.datasync()
  await disk.close()
  await from.close()
  await to.close()
}

const verify = async (repository: Repository) => {
  const { damage } = await repository.verify()
  if (damage.length > 0) throw new Error(`verify found ${JSON.stringify(damage)}`)
}

let repository = await makeRepository()

async function begin() {
  await repository.close()
  repository = await makeRepository()
}

const steps: Record<string, (repository: Repository) => Promise<void>> = {
  begin,
  full: (repository) => backUp(repository, points.full, undefined),
  incremental: (repository) => backUp(repository, points.incremental, points.full),
  restore,
  verify,
}

console.log('ready')
for await (const step of createInterface({ input: process.stdin })) {
  const [startedAt, before] = [performance.now(), process.cpuUsage()]
  const work = steps[step]
  if (!work) throw new Error(`no step ${step}`)
  await work(repository)
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(before)
  const mostMemoryMib = Math.round(process.resourceUsage().maxRSS / 1024)
  console.log(JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6, mostMemoryMib }))
}
await repository.close()
