import { formatBytes, formatBytesPerSecond, formatDuration } from '#components/ui/format.ts'
import type { RestoreMeasure } from '#server/schema/backup.ts'

type DiskMeasure = RestoreMeasure['disks'][number]

export interface RestoreEstimate {
  /** At the most: what has changed since may be the same blocks */
  writeBytes: number
  readBytes: number
  /** Of copying alone, without what the guest takes to shut down and start */
  copyMs: number
  /** What has changed since the newest recovery point is not known */
  isOpen: boolean
  isAssumed: boolean
}

/** What the VM is now is read of all its disks; only the chosen ones are written. */
export function estimateOf(measure: RestoreMeasure, chosen: readonly string[]): RestoreEstimate {
  const written = measure.disks.filter(({ target }) => chosen.includes(target))
  const writeBytes = written.reduce((sum, disk) => sum + mostBytes(disk), 0)
  const readBytes = measure.disks.reduce((sum, { sinceBytes }) => sum + (sinceBytes ?? 0), 0)
  const { read, write } = measure
  return {
    ...{ writeBytes, readBytes },
    copyMs: (readBytes / read.bytesPerSecond + writeBytes / write.bytesPerSecond) * 1000,
    isOpen: measure.disks.some(({ sinceBytes }) => sinceBytes === null),
    isAssumed: write.isAssumed || (readBytes > 0 && read.isAssumed),
  }
}

export const mostBytes = ({ changedBytes, sinceBytes, sizeBytes }: DiskMeasure) =>
  Math.min(sizeBytes, changedBytes + (sinceBytes ?? 0))

/** "At most 12 MiB are written. Copying takes ≈ 3 s." */
export function estimateSentence({ writeBytes, copyMs, isOpen }: RestoreEstimate): string {
  const untold = 'how much that is, its host can’t tell now'
  if (writeBytes === 0) {
    return isOpen
      ? `Nothing differs from the newest recovery point. What has changed since is written back too; ${untold}.`
      : 'Nothing differs.'
  }
  const written = isOpen
    ? `${formatBytes(writeBytes)} are written, and what has changed since the newest recovery point; ${untold}.`
    : `At most ${formatBytes(writeBytes)} are written.`
  return `${written} Copying takes ≈ ${formatDuration(Math.max(1, copyMs / 1000))}${isOpen ? ', and longer for that' : ''}.`
}

/** What the estimate is reckoned from. */
export function rateSentence({ read, write }: RestoreMeasure, { isAssumed }: RestoreEstimate): string {
  const rate = formatBytesPerSecond(write.bytesPerSecond)
  if (write.isAssumed) return `Nothing was restored on its host yet, so ${rate} are assumed.`
  if (isAssumed)
    return `Written at ${rate}, as by its host’s last restores; read at an assumed ${formatBytesPerSecond(read.bytesPerSecond)}.`
  return `Reckoned with ${rate}, as written by its host’s last restores.`
}
