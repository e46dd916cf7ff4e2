/** The disks of a VM that moves as the files they are on its host, with what they and its snapshots stand on. */
import { followChain, type KnownFile, poolByFolder } from '#server/core/migration-chain.ts'
import type { MovingDisk } from '#server/core/migration-preview.ts'
import type { Db } from '#server/db.ts'
import { SkerryError } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { DiskFacts, SnapshotFacts, VmFacts } from '#server/hypervisor/facts.ts'

interface FoundFile extends KnownFile {
  modifiedAtMs?: number | null
  backingFormat?: string | null
}
type Place = string | { pool: string; name: string }
type Find = (at: Place) => Promise<FoundFile | null>

/** A disk with the volume it is, which its definition does not tell when it names a file, and what is beneath. */
export type PlacedDisk = Omit<MovingDisk, 'beneath'> &
  Pick<FoundFile, 'modifiedAtMs'> & {
    /** Of its file, also where its definition names a volume of a pool */
    path: string | null
    beneath: FoundFile[]
  }

/** Finds files that are volumes, or will be once their pool is read again, as those that snapshots made. */
export function fileFinder(db: Db, host: HypervisorHost, hostId: string): Find {
  const find: Find = async (at) => {
    const volume = await host.findVolume(at)
    if (!volume) return null
    // By the path that was asked for: that is what others name it by.
    const path = typeof at === 'string' ? at : volume.path
    return { ...volume, path, poolName: volume.pool, volumeName: volume.name }
  }
  return async (at) => {
    // Of one that its pool still lists, and that is gone, libvirt only says that it can't be read.
    const known = await find(at).catch((error: unknown) => {
      if (error instanceof SkerryError && error.code !== 'unavailable') return null
      throw error
    })
    if (known) return known
    const pools = await db.storagePool.findMany({ where: { hostId, active: true }, select: { name: true, path: true } })
    const pool = typeof at === 'string' ? poolByFolder(pools, at)?.name : at.pool
    if (!pool) return null
    // A pool in which something is written just now does not let itself be read again.
    await host.refreshPool(pool).catch(() => undefined)
    return find(at)
  }
}

const placeOf = ({ source, poolName, volumeName }: DiskFacts): Place | null =>
  poolName !== null && volumeName !== null ? { pool: poolName, name: volumeName } : source

export async function placedDisks(find: Find, { disks, snapshots }: VmFacts): Promise<PlacedDisk[]> {
  const memoryFiles = new Set(snapshots.map(({ memoryFile }) => memoryFile))
  return Promise.all(
    disks.map(async (disk): Promise<PlacedDisk> => {
      const { format } = disk
      const place = placeOf(disk)
      const file = place === null ? null : await find(place)
      if (!file) return { ...disk, path: null, beneath: [] }
      // What a guest wrote into a raw disk may look like anything.
      const backingPath = format === 'raw' ? null : file.backingPath
      const { path, poolName, volumeName, capacityBytes, allocationBytes } = file
      const volume = { path, poolName, volumeName, backingPath, capacityBytes, allocationBytes }
      const placed = { ...disk, ...volume, modifiedAtMs: file.modifiedAtMs ?? null, beneath: [] }
      if (snapshots.length === 0 || disk.device !== 'disk') return placed
      const needed = await snapshotFiles(find, snapshots, disk.target)
      // The disk as it was found: its pool need not know it by the path that leads to it.
      const all = await followChain([{ path, format }, ...needed], async (at) => (at === path ? file : find(at)))
      const beneath = all
        .filter((each) => each.path !== path)
        .map((each) => ({ ...each, isMemory: memoryFiles.has(each.path) }))
      return { ...placed, beneath }
    }),
  )
}

/**
 * Where a snapshot of a disk lies in other files than the disk does now: they are of the branch that was left then. Its
 * memory is beneath all disks, for any of them may be the one that is copied.
 */
async function snapshotFiles(find: Find, snapshots: readonly SnapshotFacts[], target: string) {
  const roots: { path: string; format: string | null }[] = []
  for (const { baseDisks, madeFiles, memoryFile } of snapshots) {
    for (const base of baseDisks) {
      const place = base.target === target ? placeOf(base) : null
      const path = typeof place === 'object' && place ? ((await find(place))?.path ?? base.source) : place
      if (path !== null) roots.push({ path, format: base.format })
    }
    for (const made of madeFiles) {
      // Going back to a snapshot removes what it made, where nothing else lies in that.
      if (made.target === target && (await find(made.path))) roots.push({ path: made.path, format: 'qcow2' })
    }
    if (memoryFile !== null) roots.push({ path: memoryFile, format: 'raw' })
  }
  return roots
}
