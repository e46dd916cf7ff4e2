'use client'

import { useQuery } from '@tanstack/react-query'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useState } from 'react'
import type { ArchivedPoint } from '#components/archive/archived-point-list.tsx'
import type { RecoveryPoint } from '#components/recovery-point/recovery-point-list.tsx'
import { whyUnusable } from '#components/recovery-point/recovery-point-words.ts'
import { useTRPC } from '#components/trpc/client.tsx'
import { unread } from '#components/trpc/failure.ts'
import { Card } from '#components/ui/card.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { SegmentedControl } from '#components/ui/segmented-control.tsx'
import { useElementWidth } from '#components/ui/use-element-width.ts'
import { whyNot } from '#components/ui/why-not.ts'
import type { Vm } from '../use-vm.ts'
import { RestoreFromArchive } from './archived-points.tsx'
import { type Lane, TimelineLane } from './timeline-lane.tsx'
import { firstRange, placeOf, type Range, ranges, spanOf, ticksOf } from './timeline-place.ts'
import { archivedLines, backupLines, snapshotLines } from './timeline-words.ts'
import type { BackupPage } from './use-backups.ts'

interface RecoveryTimelineProps {
  vm: Vm
  page: BackupPage
  onRestore: (point: RecoveryPoint) => void
}

/** All that the VM can go back to on one axis: snapshots, backups, archived ones, each with what that takes. */
export function RecoveryTimeline({ vm, page, onRestore }: RecoveryTimelineProps) {
  const trpc = useTRPC()
  const snapshotQuery = useQuery(trpc.snapshot.list.queryOptions({ vmId: vm.id }))
  const archiveQuery = useQuery(trpc.archive.points.queryOptions({ vmId: vm.id }))
  const [restored, setRestored] = useState<ArchivedPoint>()
  const [openedMs] = useState(() => Date.now())
  const [chosen, setChosen] = useState<Range>()
  const [back, setBack] = useState(0)
  const axis = useElementWidth<HTMLDivElement>()
  const restoreRefusal = whyNot(page.can.restore)
  const lanes: Lane[] = [
    {
      ...{ label: 'Snapshots', tone: 'bg-series-6' },
      unread: unread(snapshotQuery),
      marks: (snapshotQuery.data?.snapshots ?? []).map((snapshot) => ({
        ...{ id: snapshot.id, atMs: msOf(snapshot.takenAt), title: snapshot.name, href: `/vms/${vm.id}/snapshots` },
        lines: snapshotQuery.data ? snapshotLines(snapshot, snapshotQuery.data) : [],
      })),
    },
    {
      ...{ label: 'Backups', tone: 'bg-series-1' },
      marks: page.recoveryPoints.map((point) => ({
        ...{ id: point.id, atMs: msOf(point.takenAt), title: `In ${point.datastore.name}` },
        lines: backupLines(point, page.writeRate),
        action: {
          label: 'Restore…',
          disabledReason: restoreRefusal ?? whyUnusable(point),
          onPress: () => onRestore(point),
        },
      })),
    },
    {
      ...{ label: 'Archive', tone: 'bg-series-2' },
      unread: unread(archiveQuery),
      marks: (archiveQuery.data ?? []).map((point) => ({
        ...{
          id: `${point.id} ${point.archiveStoreId}`,
          atMs: msOf(point.takenAt),
          title: `In ${point.archiveStore.name}`,
        },
        lines: archivedLines(point),
        action: { label: 'Restore…', disabledReason: restoreRefusal, onPress: () => setRestored(point) },
      })),
    },
  ]
  const times = lanes.flatMap(({ marks }) => marks.map(({ atMs }) => atMs))
  if (times.length === 0 && !lanes.some((lane) => lane.unread)) return null
  // What is taken while the page is open is later than when it was opened.
  const nowMs = Math.max(openedMs, ...times)
  const range = chosen ?? firstRange(times, nowMs)
  const span = spanOf(range, back, nowMs)
  const ticks = ticksOf(range, span)
  const everyTick = Math.max(1, Math.ceil((ticks.length * tickPx) / Math.max(1, axis.widthPx)))
  const isEmpty = !times.some((atMs) => atMs >= span.fromMs && atMs <= span.toMs)
  return (
    <Card
      title="Recovery timeline"
      actions={
        <div className="flex items-center gap-2">
          <IconButton
            label={`A ${range} earlier`}
            icon={<ChevronLeft size={14} aria-hidden="true" />}
            onPress={() => setBack(back + 1)}
          />
          <IconButton
            label={`A ${range} later`}
            icon={<ChevronRight size={14} aria-hidden="true" />}
            disabledReason={back === 0 ? 'It ends now' : undefined}
            onPress={() => setBack(Math.max(0, back - 1))}
          />
          <SegmentedControl
            label="Range"
            segments={ranges.map((id) => ({ id, label: id.charAt(0).toUpperCase() + id.slice(1) }))}
            value={range}
            onChange={(id) => {
              setChosen(id)
              setBack(0)
            }}
          />
        </div>
      }
    >
      <div className="flex flex-col gap-1">
        {lanes.map((lane) => (
          <TimelineLane key={lane.label} lane={lane} span={span} />
        ))}
        <div className="grid grid-cols-[72px_minmax(0,1fr)] gap-3">
          <span />
          <div ref={axis.ref} className="relative h-5 text-ink-faint text-xs tabular-nums" aria-hidden="true">
            {ticks.map(
              (atMs, at) =>
                at % everyTick === 0 && (
                  <span
                    key={atMs}
                    className="-translate-x-1/2 absolute whitespace-nowrap"
                    style={{
                      left: `clamp(${tickPx / 3}px, ${placeOf(atMs, span) * 100}%, calc(100% - ${tickPx / 3}px))`,
                    }}
                  >
                    {tickText(atMs, range)}
                  </span>
                ),
            )}
          </div>
        </div>
        {isEmpty && times.length > 0 && (
          <p role="status" className="text-ink-muted text-sm">
            Nothing in this {range}: go further back, or choose a longer range.
          </p>
        )}
      </div>
      {restored && <RestoreFromArchive vm={vm} point={restored} onClose={() => setRestored(undefined)} />}
    </Card>
  )
}

/** What a tick's words take, and the space beside them. */
const tickPx = 64

const msOf = (at: Date | string) => new Date(at).getTime()

function tickText(atMs: number, range: Range): string {
  const format: Intl.DateTimeFormatOptions =
    range === 'day'
      ? { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }
      : range === 'year'
        ? { month: 'short', year: 'numeric' }
        : { day: 'numeric', month: 'short' }
  return new Intl.DateTimeFormat('en-GB', format).format(atMs)
}
