'use client'

import { FolderOpen, History, Trash2 } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { formatAbsoluteTime, formatBytes, formatMilliseconds } from '#components/ui/format.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import type { Consistency, Origin } from '#server/schema/backup.ts'
import { ApplicationNotes } from './application-notes.tsx'
import { consistencyWord, originWord } from './backup-words.ts'
import type { BackupPage, RecoveryPoint } from './use-backups.ts'

interface RecoveryPointListProps {
  recoveryPoints: readonly RecoveryPoint[]
  can: BackupPage['can']
  onRestore: (point: RecoveryPoint) => void
  onDelete: (point: RecoveryPoint) => void
}

/** Newest first; the bar shows what each had to read beside the largest. */
export function RecoveryPointList({ recoveryPoints, can, onRestore, onDelete }: RecoveryPointListProps) {
  const router = useRouter()
  const most = Math.max(1, ...recoveryPoints.map(({ readBytes }) => readBytes))
  return (
    <ol aria-label="Recovery points, newest first" className="divide-y divide-line">
      {recoveryPoints.map((point) => {
        const { word, meaning } = consistencyWord[point.consistency as Consistency]
        return (
          <li key={point.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2 text-sm">
            <span className="w-48 shrink-0">
              <RelativeTime at={point.takenAt} className="font-medium" />
              <span className="block text-xs text-ink-faint">
                {formatAbsoluteTime(new Date(point.takenAt).getTime())}
              </span>
            </span>
            <span className="w-44 shrink-0" title={meaning}>
              {word}
              <span className="block text-xs text-ink-muted">
                in {point.datastore.name}
                {originWord[point.origin as Origin]}
              </span>
              <ApplicationNotes applications={point.applications} />
            </span>
            <span className="min-w-48 flex-1">
              <span className="flex items-center gap-2">
                <Badge tone="outline">{point.reading}</Badge>
                <span className="h-1.5 min-w-0 flex-1 overflow-hidden rounded-full bg-sunken">
                  <span
                    className="block h-full rounded-full bg-series-1"
                    style={{ width: `${Math.max(1, (point.readBytes / most) * 100)}%` }}
                  />
                </span>
              </span>
              <span className="text-xs text-ink-muted">
                {formatBytes(point.readBytes)} read, {formatBytes(point.storedBytes)} stored, in{' '}
                {formatMilliseconds(point.tookMs)}
              </span>
              {point.damage && (
                <span className="flex flex-wrap items-center gap-2 pt-0.5 text-xs">
                  <StateBadge state="failed" label="Damaged" />
                  {point.damage.text} A new backup heals what is still the same on the disks.
                </span>
              )}
            </span>
            <Button
              size="sm"
              variant="quiet"
              icon={<FolderOpen size={13} aria-hidden="true" />}
              label={`Browse files of ${formatAbsoluteTime(new Date(point.takenAt).getTime())}`}
              disabledReason={can.readFiles === true ? undefined : can.readFiles}
              onPress={() => router.push(`/vms/${point.vmId}/backups/${point.id}/files`)}
            >
              Browse files…
            </Button>
            <Button
              size="sm"
              icon={<History size={13} aria-hidden="true" />}
              label={`Restore to ${formatAbsoluteTime(new Date(point.takenAt).getTime())}`}
              disabledReason={can.restore !== true ? can.restore : point.damage?.text}
              onPress={() => onRestore(point)}
            >
              Restore…
            </Button>
            <Button
              size="sm"
              variant="quiet"
              icon={<Trash2 size={13} aria-hidden="true" />}
              label={`Delete the recovery point of ${formatAbsoluteTime(new Date(point.takenAt).getTime())}`}
              disabledReason={can.delete === true ? undefined : can.delete}
              onPress={() => onDelete(point)}
            >
              Delete…
            </Button>
          </li>
        )
      })}
    </ol>
  )
}
