import { basename, dirname } from 'node:path'
import type { Candidate, MovingDisk, MovingVm } from './migration-preview.ts'
import { isFolder, type Judged, sharedPool } from './migration-storage.ts'
import { sizeText } from './size-text.ts'

/** A file that a disk, or a snapshot of it, stands on. Sizes in bytes. */
export interface MovingFile {
  path: string
  poolName: string | null
  volumeName: string | null
  format: string | null
  capacityBytes: number
  allocationBytes: number
  /** A snapshot keeps its memory in it; then it is told of every disk */
  isMemory?: boolean
}

/**
 * With snapshots a disk that is copied takes along all the files it stands on, each as it is: what its snapshots hold
 * lies in them, or is a difference to them. A file of two disks goes along once.
 */
export function withBeneath(vm: MovingVm, disks: readonly Judged[], source: Candidate, to: Candidate): Judged[] {
  if (vm.snapshots.length === 0) return [...disks]
  const counted = new Set<string>()
  const copied = disks.map((judged) => {
    const { disk, move, problem } = judged
    if (move.mode !== 'copied' || !disk.beneath?.length) return judged
    const files = disk.beneath.filter((file) => !counted.has(file.path) && !sharedPool(file.poolName, source, to))
    for (const { path } of files) counted.add(path)
    const problems = files.flatMap((file) => fileProblem(file, disk.target, source) ?? [])
    if (files.length > 0) problems.push(...poolProblem(disk, move.poolName, to))
    const beneath = files.map((file) => ({ path: file.path, bytes: fileBytes(file) }))
    const bytes = beneath.reduce((sum, file) => sum + file.bytes, move.bytes)
    return { disk, move: { ...move, bytes, beneath }, problem: problem ?? problems[0] ?? null }
  })
  return copied.map((judged) => {
    const problem = judged.problem ?? leftProblem(judged, counted, source, to)
    return { ...judged, problem }
  })
}

/** What a disk that both hosts see stands on, and the memory of snapshots, stays behind where no disk takes it along. */
function leftProblem({ disk, move }: Judged, counted: ReadonlySet<string>, source: Candidate, to: Candidate) {
  if (move.mode === 'copied') return null
  const left = (disk.beneath ?? []).find(
    ({ path, poolName, isMemory }) =>
      (isMemory || (move.mode === 'shared' && poolName !== null)) &&
      !counted.has(path) &&
      !sharedPool(poolName, source, to),
  )
  if (!left) return null
  const needs = `Its snapshots need ${basename(left.path)}, which`
  if (!left.isMemory) return `${needs} ${disk.target} stands on and which only ${source.name} sees.`
  return `${needs} only ${source.name} sees: no disk is copied that it could go along with.`
}

/** A raw file is sent with all its holes. */
const fileBytes = ({ format, allocationBytes, capacityBytes }: MovingFile) =>
  format === 'raw' ? Math.max(allocationBytes, capacityBytes) : allocationBytes

function fileProblem(file: MovingFile, target: string, source: Candidate): string | null {
  const stands = `Its snapshots need ${basename(file.path)}, which ${target} stands on and which`
  const pool = source.pools.find(({ name }) => name === file.poolName)
  if (!pool?.active) return `${stands} lies in no storage pool, so it can’t be copied.`
  if (!isFolder(pool)) return `${stands} is no file in a folder, so it can’t be copied.`
  if (file.format === 'qcow2' || file.format === 'raw') return null
  return `${stands} has the format ${file.format}, which Skerry does not copy.`
}

function poolProblem({ target }: MovingDisk, poolName: string | null, to: Candidate): string[] {
  const pool = to.pools.find(({ name }) => name === poolName)
  if (!pool || isFolder(pool)) return []
  return [`Its snapshots need the files that ${target} stands on, and ${pool.name} on the host is no folder for files.`]
}

/** What a person should know of the files that come along. */
export function beneathWarnings({ disk, move }: Judged): string[] {
  const names = (move.beneath ?? []).map(({ path, bytes }) => `${basename(path)} (${sizeText(bytes)})`)
  if (names.length === 0) return []
  const come = names.length === 1 ? 'comes along as a copy' : 'come along as copies'
  return [`${disk.target} stands on ${names.join(', ')}, which ${come} of its own.`]
}

export interface KnownFile extends MovingFile {
  backingPath: string | null
}

/**
 * These files and those that they stand on, nearest first. Of what `find` does not know only the path is told. What a
 * file is read as, the one on it says: what a guest wrote into a raw disk may look like anything.
 */
export async function followChain<F extends KnownFile & { backingFormat?: string | null }>(
  roots: readonly { path: string; format: string | null }[],
  find: (path: string) => F | null | Promise<F | null>,
): Promise<(F | KnownFile)[]> {
  const found = new Map<string, F | KnownFile>()
  const waiting = [...roots]
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const { path } = next
    if (found.has(path)) continue
    const file = await find(path)
    const format = next.format ?? file?.format ?? null
    const backingPath = format === 'raw' ? null : (file?.backingPath ?? null)
    found.set(path, { ...(file ?? unknownFile(path)), format, backingPath })
    if (backingPath !== null) waiting.push({ path: backingPath, format: file?.backingFormat ?? null })
  }
  return [...found.values()]
}

const unknownFile = (path: string): KnownFile => ({
  ...{ path, poolName: null, volumeName: null, format: null, backingPath: null },
  ...{ capacityBytes: 0, allocationBytes: 0 },
})

/** libvirt takes up what a snapshot made only when it reads the pool again; until then its folder tells the pool. */
export function poolByFolder<P extends { name: string; path: string | null }>(
  pools: readonly P[],
  path: string,
): P | undefined {
  return pools.find((pool) => pool.path !== null && pool.path === dirname(path))
}
