'use client'

import { useMutation } from '@tanstack/react-query'
import { freedText } from '#components/operation/data-outcome.ts'
import { useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { cx } from '#components/ui/class-name.ts'
import { formatBytes, formatPercent } from '#components/ui/format.ts'
import { KeyValueList } from '#components/ui/key-value-list.tsx'
import { Meter } from '#components/ui/meter.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { toastRefusal } from '#components/vm/refusal.ts'
import type { Datastore } from './datastore-page.tsx'
import { ratioText, type Space, spaceOf } from './space.ts'

interface SpaceCardProps {
  datastore: Datastore
  /** Why nothing else can be asked of it now */
  busyReason: string | false
  onChange: () => void
}

const notWritable: Partial<Record<Datastore['state'], string>> = {
  unreachable: 'It can’t be reached',
  read_only: 'It can’t be written to',
}

/** What could be restored, beside what that takes. */
export function SpaceCard({ datastore, busyReason, onChange }: SpaceCardProps) {
  const trpc = useTRPC()
  const { id, freeBytes, totalBytes, compacted, measuredAt, measureFailure, isMeasuring } = datastore
  const done = { onSuccess: onChange, onError: toastRefusal }
  const compact = useMutation(trpc.datastore.compact.mutationOptions(done))
  const measure = useMutation(trpc.datastore.measure.mutationOptions(done))
  const space = spaceOf(datastore.shares)
  const compactReason = notWritable[datastore.state] ?? busyReason
  return (
    <Card
      title="Space"
      actions={
        <span className="flex items-center gap-2 text-xs text-ink-muted">
          {measuredAt ? (
            <span>
              measured <RelativeTime at={measuredAt} />
            </span>
          ) : (
            'not measured yet'
          )}
          <Button
            size="sm"
            isPending={measure.isPending || isMeasuring}
            onPress={() => measure.mutate({ id })}
            {...(datastore.state === 'unreachable' ? { disabledReason: 'It can’t be reached' } : {})}
          >
            Measure now
          </Button>
        </span>
      }
    >
      <div className="flex flex-col gap-4">
        {space && <Picture space={space} />}
        {measureFailure && <p className="text-xs text-failed">The last measure failed: {measureFailure}</p>}
        <KeyValueList
          columns={2}
          items={[
            {
              label: 'Deduplication',
              value: space && ratioText(space.dedupRatio),
              note: space && `${formatBytes(space.contentBytes)} held, ${formatBytes(space.differentBytes)} different`,
            },
            { label: 'Compression', value: space && ratioText(space.compressionRatio), note: 'Of what is different' },
            {
              label: 'Dead',
              value: space && (
                <span className="flex flex-wrap items-center gap-2">
                  {formatBytes(space.deadBytes)}
                  <Button
                    size="sm"
                    isPending={compact.isPending}
                    onPress={() => compact.mutate({ id })}
                    {...(compactReason ? { disabledReason: compactReason } : {})}
                  >
                    Compact now
                  </Button>
                </span>
              ),
              note: 'Named by no recovery point; compaction gives most of it back',
            },
            {
              label: 'Compacted',
              value: compacted && <RelativeTime at={compacted.endedAt} />,
              note: compacted ? compactionText(compacted) : 'Every day by itself',
            },
          ]}
        />
        {freeBytes !== null && totalBytes !== null && (
          <Meter
            label={`Its file system, ${formatBytes(freeBytes)} free`}
            used={totalBytes - freeBytes}
            limit={totalBytes}
            unit="bytes"
            warnAt={0.8}
            failAt={0.9}
          />
        )}
      </div>
    </Card>
  )
}

function compactionText({ freedBytes, waiting }: NonNullable<Datastore['compacted']>): string {
  const freed = freedText(freedBytes)
  return waiting > 0 ? `${freed}; ${waiting} wait for backups and restores under way` : freed
}

/** Three bars to one scale: what comes back, what of that is different, what is on the disk. */
function Picture({ space }: { space: Space }) {
  const whole = Math.max(space.restorableBytes, space.storedBytes, 1)
  const bars = [
    { label: 'Restorable', bytes: space.restorableBytes, color: 'bg-series-1', note: 'Disks of all recovery points' },
    { label: 'Different', bytes: space.differentBytes, color: 'bg-series-4', note: 'Each block once, without zeros' },
    {
      label: 'Stored',
      bytes: space.storedBytes,
      color: 'bg-accent',
      note: `${formatPercent(space.storedBytes / whole)} of what can be restored`,
    },
  ]
  return (
    <dl className="grid grid-cols-[84px_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-1.5 text-sm">
      {bars.map(({ label, bytes, color, note }) => (
        <div key={label} className="contents">
          <dt className="text-ink-faint">{label}</dt>
          <dd className="h-3 overflow-hidden rounded-sm bg-sunken" title={note}>
            <span
              className={cx('block h-full min-w-px rounded-sm', color)}
              style={{ width: `${Math.min(1, bytes / whole) * 100}%` }}
            />
          </dd>
          <dd className="text-right text-ink">{formatBytes(bytes)}</dd>
        </div>
      ))}
    </dl>
  )
}
