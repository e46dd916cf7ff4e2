'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useDeferredValue } from 'react'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { Badge } from '#components/ui/badge.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { cx } from '#components/ui/class-name.ts'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatCount, formatCounted } from '#components/ui/format.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { Tag } from '#components/ui/tag.tsx'
import { PolicyPreviewInput, type ProtectionPolicyInput } from '#server/schema/protection.ts'

type Preview = Outputs['protection']['preview']

interface PolicyPreviewProps {
  tenantId: string | null
  draft: ProtectionPolicyInput
  policyId?: string
  onTag: (tag: string) => void
  onVms: (vmIds: string[]) => void
}

/** What the policy as it stands in the form would take and keep. */
export function PolicyPreview({ tenantId, draft, policyId, onTag, onVms }: PolicyPreviewProps) {
  const trpc = useTRPC()
  const { allVms, tags, vmIds, retention, timeZone } = draft
  const asked = PolicyPreviewInput.safeParse({ tenantId, allVms, tags, vmIds, retention, timeZone, policyId })
  const input = useDeferredValue(asked.data)
  const preview = useQuery({
    ...trpc.protection.preview.queryOptions(input ?? { tenantId, retention: { last: 1 }, timeZone: 'UTC' }),
    enabled: input !== undefined,
    placeholderData: keepPreviousData,
  })
  return (
    <aside aria-label="What it means" className="flex min-w-0 flex-col gap-4 rounded-md bg-sunken p-3">
      {preview.error ? (
        <ErrorMessage {...failure('The preview could not be read', preview.error)} />
      ) : !preview.data ? (
        <SkeletonRows rows={8} />
      ) : (
        <>
          <PreviewedVms data={preview.data} draft={draft} onTag={onTag} onVms={onVms} />
          {policyId && <PreviewedPoints data={preview.data} />}
        </>
      )}
    </aside>
  )
}

function PreviewedVms(props: { data: Preview } & Pick<PolicyPreviewProps, 'draft' | 'onTag' | 'onVms'>) {
  const { data, draft, onTag, onVms } = props
  const otherTags = data.tags.filter((tag) => !draft.tags.includes(tag))
  return (
    <section aria-label="VMs" className="flex min-w-0 flex-col gap-2">
      <h3 aria-live="polite" className="text-sm font-semibold">
        Takes {formatCount(data.selectedCount)} of {formatCounted(data.vmCount, 'VM')}
      </h3>
      {!draft.allVms && otherTags.length > 0 && (
        <p className="flex flex-wrap items-center gap-1 text-xs text-ink-muted">
          Tags in use:
          {otherTags.slice(0, 12).map((tag) => (
            <Tag key={tag} onPress={() => onTag(tag)}>
              {tag}
            </Tag>
          ))}
        </p>
      )}
      {data.vmCount === 0 ? (
        <p className="text-xs text-ink-muted">There are no VMs yet. Those to come are taken by their tags.</p>
      ) : (
        <ul className="max-h-72 divide-y divide-line overflow-y-auto rounded-md border border-line bg-surface">
          {data.vms.map((vm) => (
            <li key={vm.id} className="flex min-h-8 items-center gap-2 px-2 text-sm">
              <Checkbox
                isSelected={vm.selected !== null}
                isDisabled={vm.selected === 'all' || vm.selected === 'tag'}
                onChange={(isChosen) =>
                  onVms(isChosen ? [...draft.vmIds, vm.id] : draft.vmIds.filter((id) => id !== vm.id))
                }
                className="min-w-0 flex-1"
              >
                <span className="truncate">{vm.name}</span>
              </Checkbox>
              <span className="min-w-0 shrink truncate text-xs text-ink-muted">{vm.tags.join(', ')}</span>
            </li>
          ))}
        </ul>
      )}
      {data.vms.length < data.vmCount && (
        <p className="text-xs text-ink-muted">The first {formatCount(data.vms.length)} are shown.</p>
      )}
    </section>
  )
}

function PreviewedPoints({ data }: { data: Preview }) {
  const going = data.pointCount - data.keptCount
  return (
    <section aria-label="Recovery points" className="flex min-w-0 flex-col gap-2">
      <h3 aria-live="polite" className="text-sm font-semibold">
        {data.pointCount === 0
          ? 'No recovery points of it yet'
          : `Keeps ${formatCount(data.keptCount)} of its ${formatCount(data.pointCount)} recovery points`}
      </h3>
      {going > 0 && (
        <p className="text-xs text-degraded">{formatCounted(going, 'goes', 'go')} after the next backup.</p>
      )}
      {data.points.length > 0 && (
        <ul className="max-h-60 divide-y divide-line overflow-y-auto rounded-md border border-line bg-surface">
          {data.points.map((point) => (
            <li key={point.id} className="flex min-h-8 flex-wrap items-center gap-x-2 px-2 py-1 text-xs">
              <span className={cx('min-w-36 flex-1 truncate', !point.reasons && 'text-ink-faint line-through')}>
                {point.vmName}, <RelativeTime at={point.takenAt} />
              </span>
              {point.reasons ? (
                shownReasons(point.reasons).map((reason) => (
                  <Badge key={reason} tone="outline">
                    {reason}
                  </Badge>
                ))
              ) : (
                <span className="text-degraded">goes</span>
              )}
            </li>
          ))}
        </ul>
      )}
      {data.points.length < data.pointCount && (
        <p className="text-xs text-ink-muted">The newest {formatCount(data.points.length)} are shown.</p>
      )}
    </section>
  )
}

/** That it is the newest goes without saying where a rule keeps it. */
const shownReasons = (reasons: NonNullable<Preview['points'][number]['reasons']>) =>
  reasons.length > 1 ? reasons.filter((reason) => reason !== 'newest') : reasons
