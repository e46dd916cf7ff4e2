import type { Candidate, CandidatePool, DiskMove, MovingDisk, MovingVm } from './migration-preview.ts'
import { sizeText } from './size-text.ts'

/** What becomes of a disk, and what stands in the way. */
export interface Judged {
  disk: MovingDisk
  move: DiskMove
  problem: string | null
}

export function moveOf(disk: MovingDisk, source: Candidate, to: Candidate): Judged {
  const done = (mode: DiskMove['mode'], poolName: string | null, problem: string | null = null): Judged => {
    const bytes = mode === 'copied' || mode === 'uploaded' ? disk.allocationBytes : 0
    return { disk, move: { target: disk.target, mode, poolName, bytes }, problem }
  }
  if (!disk.source) return done('empty', null)
  const same = sharedPool(disk.poolName, source, to)
  if (same) return done('shared', same.name)
  const mode = disk.readOnly || disk.device === 'cdrom' ? 'uploaded' : 'copied'
  const what = disk.device === 'cdrom' ? `The disc in ${disk.target}` : `The disk ${disk.target}`
  const isThere = mode === 'uploaded' && to.presentPaths.includes(disk.source)
  if (!disk.poolName && isThere) return done('present', null)
  if (!disk.poolName) {
    return done(mode, null, `${what} lies in no storage pool, so it can’t be copied.`)
  }
  const pool = to.pools.find((each) => each.name === disk.poolName)
  if (!pool) return done(mode, null, `The storage pool ${disk.poolName} of ${disk.target} is not on the host.`)
  if (!pool.active) return done(mode, pool.name, `The storage pool ${pool.name} is switched off on the host.`)
  return done(mode, pool.name)
}

/** The pool at the other host that has the same files under the same paths. */
export function sharedPool(poolName: string | null, source: Candidate, to: Candidate): CandidatePool | undefined {
  const from = source.pools.find((pool) => pool.name === poolName)
  const same = from?.sharedKey ? to.pools.find((pool) => pool.sharedKey === from.sharedKey) : undefined
  return same?.active && same.path === from?.path ? same : undefined
}

/** Kinds of pools whose files lie on the host itself, unless another host sees them too */
export const localKinds = new Set(['dir', 'fs'])
/** Kinds of pools that are folders of files */
export const folderKinds = new Set([...localKinds, 'netfs'])
export const isFolder = ({ kind }: CandidatePool) => folderKinds.has(kind)

/** @param memoryIn the pool that its memory comes to as a file, when it does */
export function storageReasons(
  vm: MovingVm,
  disks: readonly Judged[],
  to: Candidate,
  memoryIn: string | null,
): string[] {
  if (to.id === vm.hostId) return []
  const reasons = disks.map(({ problem }) => problem).filter((problem) => problem !== null)
  for (const pool of to.pools) {
    const copied = disks.reduce((sum, { move }) => sum + (move.poolName === pool.name ? move.bytes : 0), 0)
    const needed = copied + (memoryIn === pool.name ? memoryFileBytes(vm.memoryBytes) : 0)
    if (needed > pool.availableBytes) {
      reasons.push(
        `Not enough space in ${pool.name}: ${sizeText(needed)} to copy, ${sizeText(pool.availableBytes)} are free.`,
      )
    }
  }
  return [...new Set(reasons)]
}

/** Beside its memory the file has the state of its devices, a graphics card's memory among them. */
export const memoryFileBytes = (memoryBytes: number) => memoryBytes + 64 * 2 ** 20

export const isSent = (move: DiskMove) => move.mode === 'copied' || move.mode === 'uploaded'

/** What of it goes before a VM stands still: nothing of it changes any more. */
export const sentAheadBytes = (move: DiskMove) =>
  move.mode === 'uploaded' ? move.bytes : (move.beneath ?? []).reduce((sum, { bytes }) => sum + bytes, 0)
