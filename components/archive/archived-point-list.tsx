'use client'

import { Copy, CopyPlus, Download, History } from 'lucide-react'
import type { Outputs } from '#components/trpc/client.tsx'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { formatAbsoluteTime, formatCounted, formatDuration } from '#components/ui/format.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { StateIcon } from '#components/ui/state-icon.tsx'
import { formatMoney, lockSentence, lockText } from './archive-words.ts'

export type ArchivedPoint = Outputs['archive']['points'][number]
export const localWord = { gone: 'archive only', invalid: 'local copy invalid', whole: 'here too' } as const

interface ArchivedPointListProps {
  points: readonly ArchivedPoint[]
  /** Why the person may not */
  restoreRefusal?: string | undefined
  restoreNewRefusal: string | undefined
  /** In place; without it the VM is gone */
  onRestore?: (point: ArchivedPoint) => void
  onRestoreNew: (point: ArchivedPoint) => void
  onClone: (point: ArchivedPoint) => void
  onBringBack?: (point: ArchivedPoint) => void
}

/** Newest first, each with where it is, until when, and what getting it back takes. */
export function ArchivedPointList(props: ArchivedPointListProps) {
  const { points, restoreRefusal, restoreNewRefusal, onRestore, onRestoreNew, onClone, onBringBack } = props
  return (
    <ol aria-label="Archived recovery points, newest first" className="divide-y divide-line">
      {points.map((point) => {
        const when = formatAbsoluteTime(new Date(point.takenAt).getTime())
        const lock = lockText(point)
        return (
          <li
            key={`${point.id} ${point.archiveStoreId}`}
            className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2 text-sm"
          >
            <span className="w-48 shrink-0">
              <RelativeTime at={point.takenAt} className="font-medium" />
              <span className="block text-ink-faint text-xs">{when}</span>
            </span>
            <span className="w-56 shrink-0" title={lockSentence(point)}>
              {point.archiveStore.name}
              <span className="block text-ink-muted text-xs">
                until <RelativeTime at={point.expiresAt} />
              </span>
              {lock && <span className="block text-ink-muted text-xs">{lock}</span>}
            </span>
            <span className="min-w-48 flex-1">
              <span className="flex flex-wrap items-center gap-1">
                <Badge tone="outline">{localWord[point.local]}</Badge>
                {point.clones.length > 0 && <Badge tone="accent">{formatCounted(point.clones.length, 'clone')}</Badge>}
              </span>
              {point.clones.length > 0 && (
                <span className="block text-ink-muted text-xs">
                  stays as long as it is shared by {point.clones.map(({ name }) => name).join(', ')}
                </span>
              )}
              {point.damage && (
                <span className="flex items-center gap-1 text-ink-muted text-xs">
                  <StateIcon state="failed" sizePx={10} label="Damaged" />
                  {point.damage}
                </span>
              )}
              <span className="block text-ink-muted text-xs">
                to get it back at most {formatMoney(point.recall.cost, point.recall.currency)} and{' '}
                {formatDuration(point.recall.seconds)}
              </span>
            </span>
            <span className="flex flex-wrap items-center gap-1">
              {onRestore && (
                <Button
                  size="sm"
                  icon={<History size={13} aria-hidden="true" />}
                  label={`Restore from the archive to ${when}`}
                  disabledReason={restoreRefusal}
                  onPress={() => onRestore(point)}
                >
                  Restore…
                </Button>
              )}
              <Button
                size="sm"
                variant={onRestore ? 'quiet' : 'secondary'}
                icon={<Copy size={13} aria-hidden="true" />}
                label={`Restore as a new VM from the archive as of ${when}`}
                disabledReason={restoreNewRefusal}
                onPress={() => onRestoreNew(point)}
              >
                As new VM…
              </Button>
              <Button
                size="sm"
                variant="quiet"
                icon={<CopyPlus size={13} aria-hidden="true" />}
                label={`Clone from the archive as of ${when}`}
                disabledReason={restoreNewRefusal}
                onPress={() => onClone(point)}
              >
                Clone…
              </Button>
              {onBringBack && (
                <Button
                  size="sm"
                  variant="quiet"
                  icon={<Download size={13} aria-hidden="true" />}
                  label={`Bring back the recovery point of ${when}`}
                  disabledReason={restoreRefusal ?? (point.local === 'whole' ? 'It is here too' : undefined)}
                  onPress={() => onBringBack(point)}
                >
                  Bring back…
                </Button>
              )}
            </span>
          </li>
        )
      })}
    </ol>
  )
}
