import { formatMoney, lockSentence } from '#components/archive/archive-words.ts'
import type { ArchivedPoint } from '#components/archive/archived-point-list.tsx'
import { whyUnusable } from '#components/recovery-point/recovery-point-words.ts'
import { formatBytes, formatBytesPerSecond, formatDuration } from '#components/ui/format.ts'
import type { CopyRate } from '#server/schema/backup.ts'
import type { Snapshot, SnapshotPage } from '../snapshots/use-snapshots.ts'
import type { BackupPage } from './use-backups.ts'

type ToSnapshot = Pick<Snapshot, 'withMemory' | 'storage' | 'can'>
type ToBackup = Pick<BackupPage['recoveryPoints'][number], 'sizeBytes' | 'storedBytes' | 'invalidAt' | 'damage'>
type ToArchived = Pick<ArchivedPoint, 'recall' | 'lock' | 'lockedUntil'>

/** What a snapshot holds, and what going back to it takes, or why that can’t be done now. */
export function snapshotLines(
  { withMemory, storage, can }: ToSnapshot,
  { standstillSeconds }: Pick<SnapshotPage, 'standstillSeconds'>,
): string[] {
  const holds = withMemory ? 'With memory' : 'Disks alone'
  const where = storage === 'external' ? ', in files of its own' : ', within its disks'
  if (can.revert !== true) return [holds + where, `Not to be gone back to now: ${can.revert}`]
  const takes = withMemory
    ? `Back in ≈ ${formatDuration(Math.max(1, standstillSeconds))}, while its memory is read`
    : 'Its disks are back within seconds; the guest starts anew'
  return [holds + where, takes]
}

/** What a recovery point in a datastore has, and what a restore writes at the most, or why there is none. */
export function backupLines(point: ToBackup, rate: CopyRate): string[] {
  const has = `${formatBytes(point.sizeBytes)} of disks, ${formatBytes(point.storedBytes)} stored`
  const unusable = whyUnusable(point)
  if (unusable) return [has, unusable]
  const mostSeconds = Math.max(1, point.sizeBytes / rate.bytesPerSecond)
  const reckoned = rate.isAssumed ? 'as is assumed' : 'as in its last restores'
  return [
    has,
    `Only what differs is written: at most ${formatDuration(mostSeconds)} of writing, at ${formatBytesPerSecond(rate.bytesPerSecond)} ${reckoned}`,
  ]
}

/** What reading an archived one takes at the most. */
export function archivedLines(point: ToArchived): string[] {
  const { readBytes, cost, currency, seconds } = point.recall
  const lock = lockSentence(point)
  return [
    `${formatBytes(readBytes)} to read at the most`,
    `At most ${formatMoney(cost, currency)} and ${formatDuration(seconds)} of reading`,
    ...(lock ? [lock] : []),
  ]
}
