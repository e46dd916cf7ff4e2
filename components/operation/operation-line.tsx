'use client'

import { useQuery } from '@tanstack/react-query'
import { ChevronRight } from 'lucide-react'
import { useId, useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { cx } from '#components/ui/class-name.ts'
import { Link } from '#components/ui/link.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import type { OperationRow } from '#server/schema/operation.ts'
import { OperationActions } from './operation-actions.tsx'
import { OperationDetail } from './operation-detail.tsx'
import { OperationProgress } from './operation-progress.tsx'
import { hasDetail } from './operation-result.ts'
import { operationLook, operationTarget, operationTargetHref, operationWord } from './operation-words.ts'

/** One operation: what, on what, by whom, how far, and what can be done about it; opens to tell more. */
export function OperationLine({ operation }: { operation: OperationRow }) {
  const [isOpen, setOpen] = useState(false)
  const detailId = useId()
  const { look, word } = operationLook(operation)
  const canOpen = hasDetail(operation)
  return (
    <li className="@container border-b border-line px-4 text-sm last:border-b-0">
      <div className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-1 py-2 @4xl:grid-cols-[118px_minmax(160px,1.2fr)_minmax(200px,2fr)_150px_150px]">
        <span className="flex items-center gap-1">
          <button
            type="button"
            onClick={() => setOpen(!isOpen)}
            aria-expanded={isOpen}
            aria-controls={isOpen ? detailId : undefined}
            aria-label={`Details of ${operationWord(operation)} ${operationTarget(operation)}`}
            className={cx(
              '-ml-1.5 flex size-5 shrink-0 items-center justify-center rounded-sm text-ink-faint hover:bg-hover hover:text-ink',
              !canOpen && 'invisible',
            )}
          >
            <ChevronRight size={13} aria-hidden="true" className={isOpen ? 'rotate-90' : undefined} />
          </button>
          <StateBadge state={look} label={word} variant="plain" />
        </span>
        <span className="order-2 col-span-2 min-w-0 truncate @4xl:order-none @4xl:col-span-1">
          <OperationTitle operation={operation} />
        </span>
        <div className="order-3 col-span-2 min-w-0 @4xl:order-none @4xl:col-span-1">
          <OperationProgress operation={operation} />
        </div>
        <span className="order-4 col-span-2 truncate text-xs text-ink-faint @4xl:order-none @4xl:col-span-1">
          {operation.actorName} · <RelativeTime at={operation.startedAt ?? operation.createdAt} />
        </span>
        <span className="order-1 flex justify-end gap-1.5 @4xl:order-none">
          <OperationActions operation={operation} />
        </span>
      </div>
      {isOpen && canOpen && (
        <div id={detailId} className="@4xl:ml-[134px]">
          <OperationDetail operation={operation} />
        </div>
      )}
    </li>
  )
}

/** "Migrate shop-db-1 to frankfurt-1", with the target as a link. */
export function OperationTitle({ operation }: { operation: OperationRow }) {
  const trpc = useTRPC()
  const places = useQuery(trpc.fleet.places.queryOptions())
  const href = operationTargetHref(operation)
  const destination = places.data?.hosts.find((host) => host.id === operation.destinationHostId)?.name
  return (
    <>
      <span className="text-ink-muted">{operationWord(operation)} </span>
      {href ? (
        <Link href={href} tone="plain" className="font-medium">
          {operationTarget(operation)}
        </Link>
      ) : (
        <span className="font-medium">{operationTarget(operation)}</span>
      )}
      {destination && <span className="text-ink-muted"> to {destination}</span>}
    </>
  )
}
