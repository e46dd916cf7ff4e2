'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useDeferredValue } from 'react'
import { formatMoney } from '#components/archive/archive-words.ts'
import { useTRPC } from '#components/trpc/client.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatBytes, formatCount, formatCounted } from '#components/ui/format.ts'
import { ArchivalRules } from '#server/schema/archive.ts'

/** What the rules would do with the backups that there are, while they are being written. */
export function ArchivalPreview({ tenantId, draft }: { tenantId: string; draft: ArchivalRules }) {
  const trpc = useTRPC()
  const rules = useDeferredValue(draft)
  const sound = ArchivalRules.safeParse(rules)
  const preview = useQuery({
    ...trpc.archive.preview.queryOptions({ tenantId, ...(sound.data ?? rules) }),
    enabled: sound.success,
    placeholderData: keepPreviousData,
    retry: false,
  })
  const shown = preview.data
  return (
    <section
      aria-label="Preview"
      className="flex h-fit flex-col gap-4 rounded-md border border-line bg-surface p-4 text-sm"
    >
      <h3 className="font-medium">What it would do</h3>
      {!sound.success && <p className="text-ink-muted">{sound.error.issues[0]?.message}</p>}
      {preview.error && <ErrorMessage title="Not like that" message={preview.error.message} />}
      {sound.success && shown && !preview.error && (
        <>
          <Lines
            title="The first run"
            lines={[
              ['Goes to the archive', pointsOf(shown.now)],
              ['At most', formatBytes(shown.now.bytes)],
              [
                draft.localCopy === 'invalidate' ? 'Becomes invalid here' : 'Leaves the datastore',
                `${formatCount(shown.now.leavesPoints)}, about ${formatBytes(shown.now.leavesBytes)}`,
              ],
              ['In the archive then', formatBytes(shown.after.bytes)],
              ['A month', formatMoney(shown.after.costPerMonth, shown.currency)],
            ]}
          />
          <Lines
            title="Each month, by the last 30 days"
            lines={[
              ['Added', `${formatCount(shown.monthly.points)}, ${formatBytes(shown.monthly.bytes)}`],
              ['Leaves the datastore', `about ${formatBytes(shown.monthly.localBytes)}`],
            ]}
          />
          <Lines
            title={`From day ${formatCount(shown.full.afterDays)} on, when as much expires`}
            lines={[
              ['In the archive', formatBytes(shown.full.bytes)],
              ['A month', formatMoney(shown.full.costPerMonth, shown.currency)],
            ]}
          />
          {shown.warnings.map((warning) => (
            <p key={warning} role="status" className="text-degraded">
              {warning}
            </p>
          ))}
        </>
      )}
    </section>
  )
}

function Lines({ title, lines }: { title: string; lines: [string, string][] }) {
  return (
    <div>
      <h4 className="text-ink-muted text-xs">{title}</h4>
      <dl className="divide-y divide-line">
        {lines.map(([term, value]) => (
          <div key={term} className="flex justify-between gap-3 py-1">
            <dt>{term}</dt>
            <dd className="text-end font-medium tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

function pointsOf({ points, vms }: { points: number; vms: number }): string {
  return `${formatCounted(points, 'point')} of ${formatCounted(vms, 'VM')}`
}
