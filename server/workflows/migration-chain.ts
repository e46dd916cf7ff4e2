/**
 * The files beneath the disks of a VM that moves with its snapshots: those that its snapshots in files of their own made,
 * and what disks stand on. They go along as they are, each standing on its copy there.
 */
import { basename } from 'node:path'
import { followChain, type KnownFile, poolByFolder } from '#server/core/migration-chain.ts'
import type { Candidate, CandidateVerdict, MovingDisk } from '#server/core/migration-preview.ts'
import { type NewBacking, withBackingPath } from '#server/core/qcow2-backing.ts'
import { isTagged, taggedName } from '#server/core/volume-name.ts'
import type { Db } from '#server/db.ts'
import { conflict, SkerryError, unsupported } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { SnapshotFacts, VmFacts } from '#server/hypervisor/facts.ts'
import type { MovePlan, PlannedDisk } from './migration-plan.ts'
import type { OldDisk } from './volume-use.ts'

/** Plain JSON. */
export interface PlannedFile {
  /** The disk that it goes along with */
  target: string
  sourcePool: string
  sourceVolume: string
  sourcePath: string
  format: 'qcow2' | 'raw'
  capacityBytes: number
  bytes: number
  /** When it was last written to */
  modifiedAtMs: number | null
  backing: NewBacking | null
  /** A snapshot of this VM made it, or made it what others stand on */
  isOwn: boolean
  to: { pool: string; volume: string; path: string }
}

interface FoundFile extends KnownFile {
  modifiedAtMs?: number | null
  backingFormat?: string | null
  /** The format by its own first bytes */
  looksLike?: string | null
}
type Find = (path: string) => Promise<FoundFile | null>

/** A disk with the volume it is, which its definition does not tell when it names a file, and what is beneath. */
export type PlacedDisk = Omit<MovingDisk, 'beneath'> & Pick<FoundFile, 'looksLike'> & { beneath: FoundFile[] }

/** Finds files that are volumes, or will be once their pool is read again, as those that snapshots made. */
export function fileFinder(db: Db, host: HypervisorHost, hostId: string): Find {
  const find: Find = async (path) => {
    const volume = await host.findVolume(path)
    // By the path that was asked for: that is what others name it by.
    return volume && { ...volume, path, poolName: volume.pool, volumeName: volume.name, looksLike: volume.format }
  }
  return async (path) => {
    // Of one that its pool still lists, and that is gone, libvirt only says that it can't be read.
    const known = await find(path).catch((error: unknown) => {
      if (error instanceof SkerryError && error.code !== 'unavailable') return null
      throw error
    })
    if (known) return known
    const pools = await db.storagePool.findMany({ where: { hostId, active: true }, select: { name: true, path: true } })
    const pool = poolByFolder(pools, path)
    if (!pool) return null
    // A pool in which something is written just now does not let itself be read again.
    await host.refreshPool(pool.name).catch(() => undefined)
    return find(path)
  }
}

export async function placedDisks(find: Find, { disks, snapshots }: VmFacts): Promise<PlacedDisk[]> {
  const first = disks.find(({ device }) => device === 'disk')
  return Promise.all(
    disks.map(async (disk): Promise<PlacedDisk> => {
      const { source, format } = disk
      const file = source === null ? null : await find(source)
      if (!file || source === null) return { ...disk, looksLike: null, beneath: [] }
      // What a guest wrote into a raw disk may look like anything.
      const backingPath = format === 'raw' ? null : file.backingPath
      const { poolName, volumeName, capacityBytes, allocationBytes } = file
      const volume = { poolName, volumeName, backingPath, capacityBytes, allocationBytes }
      const placed = { ...disk, ...volume, looksLike: file.looksLike ?? null, beneath: [] }
      if (snapshots.length === 0 || disk.device !== 'disk') return placed
      const needed = await snapshotFiles(find, snapshots, disk.target, disk === first)
      const all = await followChain([{ path: source, format }, ...needed], find)
      return { ...placed, beneath: all.filter(({ path }) => path !== source) }
    }),
  )
}

/** Where a snapshot of a disk lies in other files than the disk does now: they are of the branch that was left then. */
async function snapshotFiles(find: Find, snapshots: readonly SnapshotFacts[], target: string, withMemory: boolean) {
  const roots: { path: string; format: string | null }[] = []
  for (const { baseDisks, madeFiles, memoryFile } of snapshots) {
    for (const base of baseDisks) {
      if (base.target === target && base.source !== null) roots.push({ path: base.source, format: base.format })
    }
    for (const made of madeFiles) {
      // Going back to a snapshot removes what it made, where nothing else lies in that.
      if (made.target === target && (await find(made.path))) roots.push({ path: made.path, format: 'qcow2' })
    }
    if (withMemory && memoryFile !== null) roots.push({ path: memoryFile, format: 'raw' })
  }
  return roots
}

/** What goes along beneath the disks, as the verdict has it: nearest first. */
export function planBeneath(
  nameThere: ReturnType<typeof namesThere>,
  { uuid, snapshots }: VmFacts,
  disks: readonly PlacedDisk[],
  verdict: CandidateVerdict,
  to: Candidate,
): PlannedFile[] {
  const own = new Set(
    snapshots.flatMap(({ baseDisks, madeFiles, memoryFile }) => [
      ...baseDisks.map(({ source }) => source),
      ...madeFiles.map(({ path }) => path),
      memoryFile,
    ]),
  )
  const planned = disks.flatMap((disk, index) => {
    const { beneath = [], poolName } = verdict.disks[index] ?? {}
    const pool = to.pools.find(({ name }) => name === poolName)
    return beneath.map(({ path, bytes }): PlannedFile & { backingPath: string | null } => {
      const file = disk.beneath.find((each) => each.path === path)
      if (!pool || !file?.poolName || !file.volumeName) throw new Error('the verdict names files that were placed')
      requireKnownFormat({ ...file, target: disk.target })
      const volume = nameThere(own.has(path) ? file.volumeName : copyName(file.volumeName, uuid), path)
      return {
        ...{ target: disk.target, sourcePool: file.poolName, sourceVolume: file.volumeName, sourcePath: path, bytes },
        ...{ format: file.format === 'raw' ? 'raw' : 'qcow2', capacityBytes: file.capacityBytes, isOwn: own.has(path) },
        ...{ modifiedAtMs: file.modifiedAtMs ?? null, backing: null, backingPath: file.backingPath },
        to: { pool: pool.name, volume, path: `${pool.path}/${volume}` },
      }
    })
  })
  return planned.map(({ backingPath, ...file }) => ({ ...file, backing: newBacking(backingPath, planned) }))
}

/** What is not sent along is where it is here: both hosts see it. */
export function newBacking(from: string | null, files: readonly PlannedFile[]): NewBacking | null {
  if (from === null) return null
  return { from, to: files.find(({ sourcePath }) => sourcePath === from)?.to.path ?? from }
}

/**
 * The copy of what others may stand on too, as a template, says in its name whose it is: once its VM has moved on, nobody
 * needs it.
 */
const copyName = (volume: string, uuid: string) =>
  isCopyFor(volume, uuid) ? volume : volume.replace(/(?=(\.[A-Za-z0-9]{1,8})?$)/, copyMark(uuid))
const isCopyFor = (volume: string, uuid: string) => volume.includes(copyMark(uuid))
const copyMark = (uuid: string) => `.for-${uuid.slice(0, 8)}`

/**
 * What files are called at the destination. The mark takes the place of an earlier one, so that two names may become one:
 * the second then is another.
 */
export function namesThere(operationId: string): (volume: string, path: string) => string {
  const paths = new Map<string, string>()
  return (volume, path) => {
    let name = taggedName(volume, operationId)
    for (let n = 2; (paths.get(name) ?? path) !== path; n++) name = taggedName(`${n}-${volume}`, operationId)
    paths.set(name, path)
    return name
  }
}

/** Formats whose header tells how large the disk is, or names other files */
const withHeader = new Set(['qcow', 'qcow2', 'qed', 'vmdk', 'vdi', 'vpc'])

/** Only such disks are sent as files whose bytes are what Skerry takes them for. @throws unsupported */
export function requireKnownFormat({
  target,
  format,
  looksLike = null,
}: Pick<PlacedDisk, 'target' | 'format' | 'looksLike'>): void {
  if (format !== 'qcow2' && format !== 'raw') {
    throw unsupported(`The disk ${target} has the format ${format}, which Skerry does not copy.`)
  }
  // A guest can write a header into a raw disk. Its host would take that for the truth.
  if (format === 'raw' && looksLike !== null && withHeader.has(looksLike)) {
    throw unsupported(
      `The disk ${target} can’t be copied: it is raw, and its file looks like ${looksLike}.`,
      'Choose a host that shares its storage.',
    )
  }
}

/** Looks into what shall be sent: one that can't go along is told before the VM stops. @throws unsupported */
export async function requireSendable(source: HypervisorHost, disks: readonly (PlannedDisk | PlannedFile)[]) {
  for (const { sourcePool, sourceVolume, backing, format } of disks) {
    if (backing === undefined || format !== 'qcow2' || sourcePool === null || sourceVolume === null) continue
    const bytes = withBackingPath(source.downloadVolume(sourcePool, sourceVolume), backing, sourceVolume)
    for await (const _ of bytes) break
  }
}

/** What went ahead must be what the disks still stand on. @throws conflict */
export async function requireUntouched(source: HypervisorHost, plan: MovePlan): Promise<void> {
  for (const { target, sourcePool, sourceVolume, modifiedAtMs } of plan.beneath ?? []) {
    const now = await source.findVolume({ pool: sourcePool, name: sourceVolume })
    if (now?.modifiedAtMs === modifiedAtMs) continue
    throw conflict(
      `${sourceVolume}, which ${target} stands on, was written to meanwhile, so what was copied of it is out of date.`,
      'Try again, and let nobody work on its snapshots while it moves.',
    )
  }
}

/** @param disks of what moves, as it is now @throws conflict when a disk is another file by now */
export function requireSameFiles(plan: MovePlan, disks: VmFacts['disks']): void {
  for (const { mode, target, sourcePath } of plan.disks) {
    const now = disks.find((disk) => disk.target === target)?.source ?? null
    if (mode !== 'copied' || now === sourcePath) continue
    throw conflict(
      `${target} is ${now === null ? 'gone' : `${basename(now)} by now`}, as when a snapshot was taken meanwhile.`,
      'Try again, and let nobody work on its snapshots while it moves.',
    )
  }
}

/** Of what is beneath these disks, what was made for this VM: not what others may begin from, as templates. */
export function ownBeneath({ uuid, beneath = [] }: MovePlan, disks: readonly PlannedDisk[]): (OldDisk & PlannedFile)[] {
  return beneath
    .filter((file) => disks.some(({ target }) => target === file.target))
    .filter(({ isOwn, sourceVolume }) => isOwn || (isTagged(sourceVolume) && isCopyFor(sourceVolume, uuid)))
    .map((file) => ({ ...file, ...placeOf(file), device: 'disk', readOnly: false, shareable: false }))
}

/** Where it was, as `volumesToDelete` asks for it. */
export function placeOf({ sourcePath, sourcePool, sourceVolume }: PlannedDisk | PlannedFile) {
  return { source: sourcePath, poolName: sourcePool, volumeName: sourceVolume }
}
