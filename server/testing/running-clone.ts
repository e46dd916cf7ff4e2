import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

/** A clone that runs, or stays off and follows its source, made with virsh, over a worker's part that serves it as long as the trial goes on. */
export async function runningClone(fleet: TestFleet, name: string, { off }: { off?: boolean } = {}) {
  const { lab, id: hostId } = fleet.host('a')
  const trial = await pointTrial(fleet, `${name}-origin`)
  const { recoveryPointId, datastoreId, newer } = trial
  const hosts = new TestHosts(fleet.db)
  const cloneExports = new CloneExports({
    ...{ db: fleet.db, repositories: trial.repositories, hosts, log, keys: env().SKERRY_KEY, workerName: 'trial' },
    ...{
      port: await freePort(),
      certificateFolder: fleet.exports.certificateFolder,
      cacheFolder: join(trial.folder, 'cache'),
    },
  })
  const address = await cloneExports.addressFor(hostId, { address: { uri: lab.tlsUri } })
  const uuid = crypto.randomUUID()
  const diskPath = `/var/lib/libvirt/images/${name}.qcow2`
  await lab.virsh('vol-create-as', 'default', `${name}.qcow2`, String(DISK_SIZE_BYTES), '--format', 'qcow2')
  const original = await lab.virsh('dumpxml', '--inactive', '--security-info', trial.guest.name)
  const exportOf = (target: string) => ({ tenantId: null, vmUuid: uuid, target, recoveryPointId })
  const { xml } = restoredXml(original, {
    ...{ uuid, name, notes: '', networks: [], mac: (index) => macOf(uuid, index), disks: { vda: diskPath } },
    backing: (target) => ({ address, exportName: cloneExports.exportName(exportOf(target)) }),
  })
  const folder = await mkdtemp(join(tmpdir(), 'skerry-running-clone-'))
  await writeFile(join(folder, 'clone.xml'), xml)
  await lab.virsh('define', join(folder, 'clone.xml'))
  const id = await writeVmRow(fleet.db, hostId, uuid, { standsOnId: recoveryPointId, follows: off ?? false })
  if (!off) await lab.virsh('start', name)
  return {
    ...{ id, name, uuid, diskPath, recoveryPointId, datastoreId, newer },
    on: { target: { kind: 'vm' as const, id, name }, tenantId: null, hostId },
    row: () => fleet.db.vm.findUniqueOrThrow({ where: { id } }),
    job: async () => (await lab.virsh('blockjob', name, 'vda', '--info').catch(() => '')).trim(),
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
