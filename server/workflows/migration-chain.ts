/**
 * The files beneath the disks of a VM that moves with its snapshots: those that its snapshots in files of their own made,
 * and what disks stand on. They go along as they are, each standing on its copy there.
 */
import { basename } from 'node:path'
import type { Candidate, CandidateVerdict } from '#server/core/migration-preview.ts'
import { sharedPool } from '#server/core/migration-storage.ts'
import { type NewBacking, withBackingPath } from '#server/core/qcow2-backing.ts'
import { isTagged, taggedName } from '#server/core/volume-name.ts'
import { conflict, unsupported } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { VmFacts } from '#server/hypervisor/facts.ts'
import type { MovePlan, PlannedDisk } from './migration-plan.ts'
import type { PlacedDisk } from './placed-disk.ts'
import { requireRaw } from './raw-disk.ts'
import type { OldDisk } from './volume-use.ts'

const sharedWayOut = 'Choose a host that shares its storage.'

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

/** A file that both hosts see under the same path. */
export interface SharedFile {
  sourcePool: string
  sourceVolume: string
  sourcePath: string
}

export interface Beneath {
  /** What goes along, as the verdict has it: nearest first */
  files: PlannedFile[]
  /** What does not have to */
  shared: SharedFile[]
  /** What a file that goes along stands on, here and there */
  backingOf: (file: Pick<PlacedDisk, 'backingPath' | 'volumeName'>) => NewBacking | null
}

/** @param moved where each disk comes to; null for one that is not sent */
export function planBeneath(
  nameThere: ReturnType<typeof namesThere>,
  { uuid, snapshots }: VmFacts,
  disks: readonly PlacedDisk[],
  moved: readonly (PlannedFile['to'] | null)[],
  verdict: CandidateVerdict,
  { source, to }: { source: Candidate; to: Candidate },
): Beneath {
  const own = new Set(
    snapshots.flatMap(({ baseDisks, madeFiles, memoryFile }) => [
      ...baseDisks.map((base) => base.source),
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
      const isOwn = own.has(path) || own.has(`${file.poolName}/${file.volumeName}`)
      const volume = nameThere(isOwn ? file.volumeName : copyName(file.volumeName, uuid), path)
      return {
        ...{ target: disk.target, sourcePool: file.poolName, sourceVolume: file.volumeName, sourcePath: path, bytes },
        ...{ format: file.format === 'raw' ? 'raw' : 'qcow2', capacityBytes: file.capacityBytes, isOwn },
        ...{ modifiedAtMs: file.modifiedAtMs ?? null, backing: null, backingPath: file.backingPath },
        to: { pool: pool.name, volume, path: `${pool.path}/${volume}` },
      }
    })
  })
  const shared = disks.flatMap(({ beneath }) =>
    beneath.flatMap(({ path, poolName, volumeName }): SharedFile[] =>
      poolName && volumeName && sharedPool(poolName, source, to)
        ? [{ sourcePool: poolName, sourceVolume: volumeName, sourcePath: path }]
        : [],
    ),
  )
  const paths = new Map([
    ...shared.map(({ sourcePath }) => [sourcePath, sourcePath] as const),
    ...disks.flatMap(({ path }, index) => (path && moved[index] ? [[path, moved[index].path] as const] : [])),
    ...planned.map((file) => [file.sourcePath, file.to.path] as const),
  ])
  const backingOf: Beneath['backingOf'] = ({ backingPath, volumeName }) => newBacking(backingPath, paths, volumeName)
  const files = planned.map(({ backingPath, ...file }) => ({
    ...file,
    backing: backingOf({ backingPath, volumeName: file.sourceVolume }),
  }))
  return { files, shared, backingOf }
}

/** @throws unsupported when there it would stand on whatever lies at that path */
export function newBacking(
  from: string | null,
  paths: ReadonlyMap<string, string>,
  fileName: string | null,
): NewBacking | null {
  if (from === null) return null
  const to = paths.get(from)
  if (to !== undefined) return { from, to }
  throw unsupported(
    `${fileName ?? 'A disk'} can’t be copied: it stands on ${basename(from)}, which neither comes along nor is in a storage pool that both hosts share.`,
    sharedWayOut,
  )
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

/** Only such disks are sent as files whose bytes are what Skerry takes them for. @throws unsupported */
export function requireKnownFormat({ target, format }: Pick<PlacedDisk, 'target' | 'format'>): void {
  if (format === 'qcow2' || format === 'raw') return
  throw unsupported(`The disk ${target} has the format ${format}, which Skerry does not copy.`)
}

/** Looks into what shall be sent: one that can't go along is told before the VM stops. @throws unsupported */
export async function requireSendable(source: HypervisorHost, disks: readonly (PlannedDisk | PlannedFile)[]) {
  for (const { target, sourcePool, sourceVolume, backing, format, to } of disks) {
    if (to === null || sourcePool === null || sourceVolume === null) continue
    if (format === 'raw') {
      // The host that it comes to would take what a guest wrote there for the truth.
      await requireRaw(source, { pool: sourcePool, name: sourceVolume }, `The disk ${target}`, sharedWayOut)
    }
    if (backing === undefined || format !== 'qcow2') continue
    const bytes = withBackingPath(source.downloadVolume(sourcePool, sourceVolume), backing, sourceVolume)
    for await (const _ of bytes) break
  }
}

/** What went ahead while the VM ran or was off must be what is there still. @throws conflict */
export async function requireUntouched(source: HypervisorHost, plan: MovePlan): Promise<void> {
  const wholeDisks = plan.live || plan.saved ? [] : plan.disks.filter(({ mode }) => mode === 'copied')
  const sent = [
    ...wholeDisks.map((disk) => ({
      ...disk,
      what: `${disk.target} was written to meanwhile, as when the VM was started and shut down`,
      wayOut: 'Try again.',
    })),
    ...(plan.beneath ?? []).map((file) => ({
      ...file,
      what: `${file.sourceVolume}, which ${file.target} stands on, was written to meanwhile`,
      wayOut: 'Try again, and let nobody work on its snapshots while it moves.',
    })),
  ]
  for (const { sourcePool, sourceVolume, modifiedAtMs, what, wayOut } of sent) {
    if (!sourcePool || !sourceVolume || modifiedAtMs === undefined) continue
    const now = await source.findVolume({ pool: sourcePool, name: sourceVolume })
    if (now?.modifiedAtMs !== modifiedAtMs) throw conflict(`${what}, so what was copied of it is out of date.`, wayOut)
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
