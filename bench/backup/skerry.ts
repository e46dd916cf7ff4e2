// Our side of the backup bench, one step a process: full | incremental | restore | verify, then the bench's folder.
import { existsSync } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { connectNbd } from '#server/nbd/connect.ts'
import { readAhead } from '#server/nbd/read-ahead.ts'
import { allocationFlag, dirtyFlag } from '#server/nbd/wire.ts'
import { Datastore } from '#server/repository/datastore.ts'
import { FolderStore } from '#server/repository/folder-store.ts'
import { chunkBytes } from '#server/repository/layout.ts'
import { masterKeys } from '#server/repository/master-key.ts'
import type { Repository } from '#server/repository/repository.ts'
import { chunkExtents } from './chunk-extents.ts'
import { bitmapName, exportName, QemuDisk } from './qemu-disk.ts'

const [step = '', folder = ''] = process.argv.slice(2)
const points = { full: '00000000-0000-4000-8000-000000000001', incremental: '00000000-0000-4000-8000-000000000002' }

async function openRepository(): Promise<Repository> {
  const root = join(folder, 'skerry')
  const isNew = !existsSync(root)
  await mkdir(root, { recursive: true })
  const options = {
    store: await FolderStore.prepare(root),
    id: '00000000-0000-4000-8000-0000000000d1',
    masters: masterKeys([Buffer.alloc(32, 7)]),
    cacheFolder: join(folder, 'skerry-cache'),
  }
  const datastore = isNew ? await Datastore.create(options) : await Datastore.open(options)
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
  for await (const { offset, length, bytes } of repository.readChanges(from, to, 'vda')) {
    await disk.write(bytes ?? Buffer.alloc(length), 0, length, offset)
  }
  await disk.datasync()
  await disk.close()
  await from.close()
  await to.close()
}

const startedAt = performance.now()
const repository = await openRepository()
if (step === 'full') await backUp(repository, points.full, undefined)
else if (step === 'incremental') await backUp(repository, points.incremental, points.full)
else if (step === 'restore') await restore(repository)
else if (step === 'verify') {
  const { damage } = await repository.verify()
  if (damage.length > 0) throw new Error(`verify found ${JSON.stringify(damage)}`)
} else throw new Error(`no step ${step}`)
await repository.close()
const workSeconds = (performance.now() - startedAt) / 1000
console.log(JSON.stringify({ workSeconds, mostMemoryMib: Math.round(process.resourceUsage().maxRSS / 1024) }))
