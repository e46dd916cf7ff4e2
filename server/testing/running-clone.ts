import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { run } from '#lab/command.ts'
import { DISK_SIZE_BYTES } from '#lab/guest/disk.ts'
import { env } from '#server/env.ts'
import { macOf } from '#server/hypervisor/libvirt/xml/device.ts'
import { restoredXml } from '#server/hypervisor/libvirt/xml/restored.ts'
import { freePort } from '#server/libvirt/testing/free-port.ts'
import { log } from '#server/log.ts'
import { CloneExports } from '#server/workflows/clone-exports.ts'
import type { TestFleet } from './fleet.ts'
import { writeVmRow } from './fleet-rows.ts'
import { TestHosts } from './host-source.ts'
import { judgeOf } from './judge.ts'
import { pointTrial } from './restore-new.ts'

/** What it wrote itself: over what it shares, and where that holds nothing. */
const ownWrites = ['-c', 'write -q -P 0xee 3M 64k', '-c', 'write -q -P 0xdd 40M 1M']

/** A clone that runs, or stays off and follows its source, made with virsh, over a worker's part that serves it as long as the trial goes on. */
export async function runningClone(
  fleet: TestFleet,
  name: string,
  { off, hasTwoDisks }: { off?: boolean; hasTwoDisks?: boolean } = {},
) {
  const { lab, id: hostId } = fleet.host('a')
  const trial = await pointTrial(fleet, `${name}-origin`)
  const { recoveryPointId, datastoreId, newer } = trial
  const hosts = new TestHosts(fleet.db)
  const port = await freePort()
  const serve = () =>
    new CloneExports({
      ...{ db: fleet.db, repositories: trial.repositories, hosts, log, keys: env().SKERRY_KEY, workerName: 'trial' },
      ...{ port, certificateFolder: fleet.exports.certificateFolder, cacheFolder: join(trial.folder, 'cache') },
    })
  let cloneExports = serve()
  const address = await cloneExports.addressFor(hostId, { address: { uri: lab.tlsUri } })
  const uuid = crypto.randomUUID()
  const diskPath = `/var/lib/libvirt/images/${name}.qcow2`
  const secondPath = `/var/lib/libvirt/images/${name}-second.qcow2`
  const folder = await mkdtemp(join(tmpdir(), 'skerry-running-clone-'))
  const seen = join(folder, 'seen.raw')
  await copyFile(trial.raw, seen)
  if (!off) await run('qemu-io', ['-f', 'raw', ...ownWrites, seen])
  for (const path of hasTwoDisks ? [diskPath, secondPath] : [diskPath]) {
    await lab.virsh('vol-create-as', 'default', basename(path), String(DISK_SIZE_BYTES), '--format', 'qcow2')
    if (!off) await run('qemu-io', ['-f', 'qcow2', ...ownWrites, lab.outsidePath(path)])
  }
  const original = await lab.virsh('dumpxml', '--inactive', '--security-info', trial.guest.name)
  const exportOf = (target: string) => ({ tenantId: null, vmUuid: uuid, target, recoveryPointId })
  const { xml } = restoredXml(original, {
    ...{ uuid, name, notes: '', networks: [], mac: (index) => macOf(uuid, index), disks: { vda: diskPath } },
    backing: (target) => ({ address, exportName: cloneExports.exportName(exportOf(target)) }),
  })
  const first = xml.split(/(?=<disk )|(?<=<\/disk>)/).find((part) => part.includes(diskPath)) ?? ''
  const second = first
    .replace(diskPath, secondPath)
    .replace("'vda'", "'vdb'")
    .replace(/<address [^>]*>/, '')
  await writeFile(join(folder, 'clone.xml'), hasTwoDisks ? xml.replace(first, first + second) : xml)
  await lab.virsh('define', join(folder, 'clone.xml'))
  const id = await writeVmRow(fleet.db, hostId, uuid, { standsOnId: recoveryPointId, follows: off ?? false })
  if (!off) await lab.virsh('start', name)
  return {
    ...{ id, name, uuid, diskPath, recoveryPointId, datastoreId, newer },
    on: { target: { kind: 'vm' as const, id, name }, tenantId: null, hostId },
    row: () => fleet.db.vm.findUniqueOrThrow({ where: { id } }),
    /** A raw file of what each of its disks holds for its guest */
    seen,
    /** The files of its disks, as it runs or by its definition */
    async files(...flags: string[]): Promise<string[]> {
      const lines = (await lab.virsh('domblklist', name, '--details', ...flags)).split('\n')
      return lines.flatMap((line) => /^\s*file\s+disk\s+\S+\s+(\S+)/.exec(line)?.[1] ?? [])
    },
    /** Volumes of its pool that were made for it */
    async volumes(): Promise<string[]> {
      const names = (await lab.virsh('vol-list', 'default'))
        .split('\n')
        .map((line) => line.trim().split(/\s+/)[0] ?? '')
      return names.filter((each) => each.startsWith(name) && !each.startsWith(`${name}-origin`)).sort()
    },
    job: async (target = 'vda') => (await lab.virsh('blockjob', name, target, '--info').catch(() => '')).trim(),
    /** Nothing that it shares can be read from then on */
    stopServing: () => cloneExports.stop(),
    async serveAgain() {
      cloneExports = serve()
      await cloneExports.tend()
    },
    async clear() {
      await lab.virsh('destroy', name).catch(() => undefined)
      await lab.virsh('undefine', name).catch(() => undefined)
      await judgeOf(fleet.host('a'), name).clear()
      await fleet.db.vm.deleteMany({ where: { id } })
      await cloneExports.stop()
      await hosts.close()
      await trial.clear()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
