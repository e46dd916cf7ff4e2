import { conflict } from '#server/errors.ts'
import type { Candidate, CandidateVerdict, MovingVm } from './migration-preview.ts'
import { isFolder, type Judged, localKinds, memoryFileBytes } from './migration-storage.ts'
import { sizeText } from './size-text.ts'
import { some } from './some-names.ts'

/**
 * live: it goes on running. saved: it stands still with its memory in a file, and goes on from there at the new host.
 * off: there is no memory to move.
 */
export type MoveWay = 'live' | 'saved' | 'off'

/** Live, a copy of a disk is one of what the guest sees: its snapshots come along only when its files stand still. */
export function moveWay(vm: MovingVm, disks: readonly Judged[]): MoveWay {
  if (vm.state === 'off') return 'off'
  return vm.snapshots.length > 0 && disks.some(({ move }) => move.mode === 'copied') ? 'saved' : 'live'
}

/** The pool, here and there, that holds its memory meanwhile: one that its disks are in. */
export function memoryPool(disks: readonly Judged[], source: Candidate, to: Candidate): string | null {
  const holds = (host: Candidate, name: string | null) =>
    host.pools.some((pool) => pool.name === name && isFolder(pool))
  const found = disks.find(
    ({ disk, move }) => move.mode === 'copied' && holds(source, disk.poolName) && holds(to, move.poolName),
  )
  return found?.move.poolName ?? null
}

/** What stands in the way of saving its memory. */
export function savedReasons(vm: MovingVm, disks: readonly Judged[], source: Candidate, to: Candidate): string[] {
  if (to.id === vm.hostId || moveWay(vm, disks) !== 'saved') return []
  if (!vm.persistent) {
    return ['It exists only while it runs, and with its snapshots it would have to stand still to move.']
  }
  const copied = disks.filter(({ disk, move }) => move.mode === 'copied' && disk.poolName)
  const name = memoryPool(disks, source, to)
  const pools = poolsOf(copied)
  const elsewhere = elsewhereTimed(disks, pools, [source, to])
  if (name !== null && elsewhere.length > 0) {
    return [`It would have to stand still to move, and ${some(elsewhere)} can’t take part in that: shut it down first.`]
  }
  if (name === null) {
    if (copied.length === 0 || copied.some(({ problem }) => problem)) return []
    return [`Its memory would have to be saved as a file, and ${some(pools)} takes none: shut it down first.`]
  }
  const freeBytes = source.pools.find((pool) => pool.name === name)?.availableBytes ?? 0
  const neededBytes = memoryFileBytes(vm.memoryBytes)
  if (freeBytes >= neededBytes) return []
  return [
    `Not enough space in ${name} on ${source.name} to save its memory: ${sizeText(neededBytes)} needed, ${sizeText(freeBytes)} are free.`,
  ]
}

const poolsOf = (disks: readonly Judged[]) => [...new Set(disks.flatMap(({ disk }) => disk.poolName ?? []))]

/**
 * The pools of disks of which nobody could tell whether they were written to after its memory was saved: that is told by
 * the times of files, which only compare on one machine.
 */
function elsewhereTimed(disks: readonly Judged[], pools: readonly string[], ends: readonly Candidate[]): string[] {
  const isLocal = ({ pools: known }: Candidate, name: string) =>
    known.some((pool) => pool.name === name && localKinds.has(pool.kind) && pool.sharedKey === null)
  const among = pools.length > 1 ? pools.filter((pool) => !ends.every((host) => isLocal(host, pool))) : []
  const shared = disks.filter(({ disk, move }) => move.mode === 'shared' && !disk.readOnly && disk.device !== 'cdrom')
  return [...new Set([...among, ...poolsOf(shared)])]
}

/** @throws conflict for a VM that would stand still when nobody has said that it may */
export function demandStandstill(
  name: string,
  verdict: Pick<CandidateVerdict, 'way' | 'estimate'>,
  { mayStandStill }: { mayStandStill: boolean },
): void {
  if (verdict.way !== 'saved' || mayStandStill) return
  const seconds = Math.ceil((verdict.estimate?.downtimeMs ?? 0) / 1000)
  throw conflict(
    `${name} would stand still for about ${seconds} s: its snapshots lie in the files of a disk that is copied.`,
    'Allow it to stand still, or choose a host that shares its storage.',
  )
}
