'use client'

import { Copy, CopyPlus, Ellipsis, FolderOpen, History, MonitorCheck, Trash2 } from 'lucide-react'
import { usePathname } from 'next/navigation'
import { type BootTest, bootLook, totalText } from '#components/boot-test/boot-test-words.ts'
import type { Outputs } from '#components/trpc/client.tsx'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { formatAbsoluteTime, formatBytes, formatCounted, formatMilliseconds } from '#components/ui/format.ts'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Menu, type MenuAction } from '#components/ui/menu.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { useGo } from '#components/ui/use-go.ts'
import { whyNot } from '#components/ui/why-not.ts'
import type { Consistency, Origin } from '#server/schema/backup.ts'
import { ApplicationNotes } from './application-notes.tsx'
import { consistencyWord, originWord, whyUnusable } from './recovery-point-words.ts'

export type RecoveryPoint = Outputs['backup']['list']['recoveryPoints'][number]
type Right = true | string

/** What is asked of one of them, beside having it back in place. */
export interface PointCommand {
  kind: 'restore-new' | 'clone' | 'boot-test' | 'delete'
  point: RecoveryPoint
}

export interface RecoveryPointListProps {
  recoveryPoints: readonly RecoveryPoint[]
  /** Of the VM, newest first */
  bootTests: readonly BootTest[]
  can: { restore?: Right; readFiles: Right; restoreNew: Right; bootTest: Right; readScreen: Right; delete: Right }
  /** In place; without it the VM is gone */
  onRestore?: (point: RecoveryPoint) => void
  onCommand: (command: PointCommand) => void
}

/** @returns why it can't be deleted, or undefined */
function sharedBy({ clones }: RecoveryPoint): string | undefined {
  if (clones.length === 0) return undefined
  const names = clones.map(({ name }) => name).join(', ')
  return `${names} ${clones.length === 1 ? 'shares' : 'share'} its blocks: keep it on its own, or delete it, first.`
}

/** Newest first; the bar shows what each had to read beside the largest. */
export function RecoveryPointList({ recoveryPoints, bootTests, can, onRestore, onCommand }: RecoveryPointListProps) {
  const go = useGo()
  const pathname = usePathname()
  const most = Math.max(1, ...recoveryPoints.map(({ readBytes }) => readBytes))
  return (
    <ol aria-label="Recovery points, newest first" className="divide-y divide-line">
      {recoveryPoints.map((point) => {
        const { word, meaning } = consistencyWord[point.consistency as Consistency]
        const use = (right: Right) => whyNot(right) ?? whyUnusable(point)
        const time = formatAbsoluteTime(new Date(point.takenAt).getTime())
        const asNew: MenuAction = {
          ...{ id: 'restore-new', label: 'Restore as new VM…', icon: <Copy size={14} aria-hidden="true" /> },
          disabledReason: use(can.restoreNew),
          onAction: () => onCommand({ kind: 'restore-new', point }),
        }
        const clone: MenuAction = {
          ...{ id: 'clone', label: 'Clone…', icon: <CopyPlus size={14} aria-hidden="true" /> },
          disabledReason: use(can.restoreNew),
          onAction: () => onCommand({ kind: 'clone', point }),
        }
        const test: MenuAction = {
          ...{ id: 'boot-test', label: 'Boot test…', icon: <MonitorCheck size={14} aria-hidden="true" /> },
          disabledReason: use(can.bootTest),
          onAction: () => onCommand({ kind: 'boot-test', point }),
        }
        const tested = bootTests.find(({ recoveryPointId }) => recoveryPointId === point.id)
        const remove: MenuAction = {
          ...{ id: 'delete', label: 'Delete…', icon: <Trash2 size={14} aria-hidden="true" />, isDanger: true },
          disabledReason: whyNot(can.delete) ?? sharedBy(point),
          onAction: () => onCommand({ kind: 'delete', point }),
        }
        return (
          <li key={point.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2 text-sm">
            <span className="w-48 shrink-0">
              <RelativeTime at={point.takenAt} className="font-medium" />
              <span className="block text-xs text-ink-faint">{time}</span>
            </span>
            <span className="w-44 shrink-0" title={meaning}>
              {word}
              <span className="block text-xs text-ink-muted">
                in {point.datastore.name}
                {originWord[point.origin as Origin]}
              </span>
              <ApplicationNotes applications={point.applications} />
              {point.clones.length > 0 && (
                <span className="block pt-0.5" title={point.clones.map(({ name }) => name).join(', ')}>
                  <Badge tone="accent">{formatCounted(point.clones.length, 'clone')}</Badge>
                </span>
              )}
            </span>
            <span className="min-w-48 flex-1">
              <span className="flex items-center gap-2">
                <span className="w-18 shrink-0">
                  <Badge tone="outline">{point.reading}</Badge>
                </span>
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
              {tested && <Tested test={tested} />}
              {point.invalidAt && (
                <span className="block pt-0.5 text-xs">
                  <StateBadge state="off" label="No longer valid here" className="mr-2" />
                  Only the archive has it whole.
                </span>
              )}
              {point.damage && (
                <span className="block pt-0.5 text-xs">
                  <StateBadge state="failed" label="Damaged" className="mr-2" />
                  {point.damage.text} A new backup heals what is still the same on the disks.
                </span>
              )}
            </span>
            <span className="flex items-center gap-1">
              <Button
                size="sm"
                variant="quiet"
                icon={<FolderOpen size={13} aria-hidden="true" />}
                label={`Browse files of ${time}`}
                disabledReason={point.invalidAt ? use(can.readFiles) : whyNot(can.readFiles)}
                onPress={() => go(`${onRestore ? `/vms/${point.vmId}/backups` : pathname}/${point.id}/files`)}
              >
                Browse files…
              </Button>
              {onRestore ? (
                <Button
                  size="sm"
                  icon={<History size={13} aria-hidden="true" />}
                  label={`Restore to ${time}`}
                  disabledReason={can.restore && use(can.restore)}
                  onPress={() => onRestore(point)}
                >
                  Restore…
                </Button>
              ) : (
                <Button
                  size="sm"
                  icon={<Copy size={13} aria-hidden="true" />}
                  label={`Restore as a new VM as of ${time}`}
                  disabledReason={use(can.restoreNew)}
                  onPress={() => onCommand({ kind: 'restore-new', point })}
                >
                  Restore as new VM…
                </Button>
              )}
              <Menu
                label={`The recovery point of ${time}`}
                trigger={
                  <IconButton
                    size="sm"
                    label={`More for the recovery point of ${time}`}
                    icon={<Ellipsis size={14} aria-hidden="true" />}
                  />
                }
                groups={[
                  { id: 'use', items: onRestore ? [clone, asNew, test] : [clone, test] },
                  { id: 'delete', items: [remove] },
                ]}
              />
            </span>
          </li>
        )
      })}
    </ol>
  )
}

/** What its last boot test came to. */
function Tested({ test }: { test: BootTest }) {
  const { look, word } = bootLook[test.outcome]
  return (
    <span className="flex flex-wrap items-center gap-x-2 pt-0.5 text-xs text-ink-muted">
      <StateBadge state={look} label={test.outcome === 'failed' ? 'Boot test failed' : word} variant="plain" />
      {test.outcome === 'proven' && `boots, restored and up in ${totalText(test)}`}
    </span>
  )
}
