import { isTagged } from '#server/core/volume-name.ts'
import type { Db } from '#server/db.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import { volumeOfDisk } from './vm-on-host.ts'

/** A volume of a pool, and its path on the host that is asked. */
export interface Volume {
  pool: string
  name: string
  path: string
}

/** A disk that a VM gives up. */
export interface OldDisk {
  target: string
  source: string | null
  /** Of one that its definition names by its pool, or whose volume is known */
  poolName: string | null
  volumeName: string | null
  /** disk, cdrom, floppy, lun */
  device: string
  readOnly: boolean
  shareable: boolean
}

export interface OldVolumes {
  doomed: Volume[]
  /** With the reason, in words that follow the name */
  kept: { name: string; reason: string }[]
}

interface Place {
  db: Db
  host: HypervisorHost
  hostId: string
  /** Of the VM that gives the disks up */
  vmUuid: string
}

/**
 * Which volumes go with these disks: those that are the VM's alone. Discs and read-only images stay unless Skerry made
 * them for a VM; so do shared disks, templates, what another VM or another of its own disks uses and what another volume
 * stands on, on this host or, where the pool is shared, on any host of it. A disk in no pool is not ours to delete.
 */
export async function volumesToDelete(place: Place, disks: readonly OldDisk[]): Promise<OldVolumes> {
  const kept: OldVolumes['kept'] = []
  const alone: Volume[] = []
  for (const disk of disks) {
    const found = await volumeOfDisk(place.host, disk)
    if (!found) continue
    // By the path that the disk has: that is what others name it by.
    const path = disk.source?.startsWith('/') ? disk.source : found.path
    const volume = { pool: found.pool, name: found.name, path }
    const reason = await reasonToKeep(place.db, disk, volume)
    if (reason) kept.push({ name: volume.name, reason })
    else alone.push(volume)
  }
  if (alone.length === 0) return { doomed: [], kept }
  const targets = new Set(disks.map((disk) => disk.target))
  const [here, elsewhere] = [await usedHere(place, targets), await usedElsewhere(place, alone)]
  const isUsed = (volume: Volume) =>
    here.has(volume.path) || here.has(key(volume.pool, volume.name)) || elsewhere.has(volume.path)
  for (const { name } of alone.filter(isUsed)) kept.push({ name, reason: 'another VM uses it' })
  const unused = alone.filter((volume) => !isUsed(volume))
  const doomed = await withoutFoundations(place.host, unused)
  const stays = unused.filter((volume) => !doomed.includes(volume))
  for (const { name } of stays) kept.push({ name, reason: 'another volume stands on it' })
  return { doomed, kept }
}

async function reasonToKeep(db: Db, disk: OldDisk, { pool, name }: Volume): Promise<string | null> {
  if (disk.shareable) return 'it is shared'
  if ((disk.device !== 'disk' || disk.readOnly) && !isTagged(name)) return 'it is an image'
  const template = await db.template.findUnique({
    where: { poolName_volumeName: { poolName: pool, volumeName: name } },
    select: { id: true },
  })
  return template && 'it is a template'
}

/** A path has a slash, this has none before the name: the two never meet in one set. */
const key = (pool: string | null, name: string | null) => (pool && name ? `${pool}:${name}` : null)

/** Paths and pool:name of what is on the host in use, but for the disks that are given up. */
async function usedHere({ host, vmUuid }: Place, targets: ReadonlySet<string>): Promise<Set<string | null>> {
  const disks = (await host.listVms()).flatMap((vm) =>
    vm.disks.filter((disk) => vm.uuid !== vmUuid || !targets.has(disk.target)),
  )
  return new Set(disks.flatMap((disk) => [disk.source, disk.backingPath, key(disk.poolName, disk.volumeName)]))
}

/** Paths here of those volumes that a VM or a volume of another host uses: of hosts that see the same pool. */
async function usedElsewhere({ db, hostId, vmUuid }: Place, volumes: readonly Volume[]): Promise<Set<string>> {
  const pools = await db.storagePool.findMany({
    where: { hostId, name: { in: volumes.map((volume) => volume.pool) }, sharedKey: { not: null } },
    select: { id: true, name: true, sharedKey: true },
  })
  const twins = await db.storagePool.findMany({
    where: {
      sharedKey: { in: pools.flatMap((pool) => pool.sharedKey ?? []) },
      id: { notIn: pools.map(({ id }) => id) },
    },
    select: { id: true, hostId: true, name: true, path: true, sharedKey: true },
  })
  const used = new Set<string>()
  for (const volume of volumes) {
    const sharedKey = pools.find((pool) => pool.name === volume.pool)?.sharedKey
    for (const twin of twins.filter((each) => each.sharedKey === sharedKey)) {
      const path = `${twin.path}/${volume.name}`
      const inPool = { poolName: twin.name, volumeName: volume.name }
      const user = await db.disk.findFirst({
        where: {
          vm: { hostId: twin.hostId, uuid: { not: vmUuid } },
          OR: [{ source: path }, { backingPath: path }, inPool],
        },
        select: { id: true },
      })
      // In whatever pool there: an overlay of a shared file may be local.
      const overlay = await db.volume.findFirst({
        where: {
          ...{ storagePool: { hostId: twin.hostId }, backingPath: path },
          path: { notIn: volumes.map(({ name }) => `${twin.path}/${name}`) },
        },
        select: { id: true },
      })
      if (user || overlay || (await db.template.findFirst({ where: inPool, select: { id: true } })))
        used.add(volume.path)
    }
  }
  return used
}

/** Those on which no volume stands that stays. Volumes tell, not VMs: one that is off does not say what its disks need. */
async function withoutFoundations(host: HypervisorHost, volumes: readonly Volume[]): Promise<Volume[]> {
  if (volumes.length === 0) return []
  const all = (await host.listStoragePools()).flatMap((pool) => pool.volumes)
  let doomed = [...volumes]
  while (true) {
    const paths = new Set(doomed.map((volume) => volume.path))
    const needed = new Set(all.filter((volume) => !paths.has(volume.path)).map((volume) => volume.backingPath))
    const rest = doomed.filter((volume) => !needed.has(volume.path))
    if (rest.length === doomed.length) return rest
    doomed = rest
  }
}
