'use client'

import { useQuery } from '@tanstack/react-query'
import { OperationLine } from '#components/operation/operation-line.tsx'
import { newsKinds, operationShare, operationTarget, operationWord } from '#components/operation/operation-words.ts'
import { setTrayOpen, useTrayOpen } from '#components/operation/tray-open.ts'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure, unread } from '#components/trpc/failure.ts'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatPercent } from '#components/ui/format.ts'
import { Link } from '#components/ui/link.tsx'
import { ResizablePanel } from '#components/ui/resizable-panel.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { Spinner } from '#components/ui/spinner.tsx'
import { isLive, type OperationRow } from '#server/schema/operation.ts'

const shown = 50

/** Everyone's operations in what this person may see, the live ones first; stays open across pages and reloads. */
export function OperationTray() {
  const trpc = useTRPC()
  const operations = useQuery(trpc.operation.list.queryOptions({ kinds: newsKinds, limit: shown }))
  const isOpen = useTrayOpen()
  const failed = unread(operations)
  const items = withoutParts(operations.data?.items ?? [])
  const live = items.filter((operation) => isLive(operation.state))
  return (
    <ResizablePanel
      label="Operations"
      summary={failed ? 'Not known' : operations.data && <TraySummary live={live} latest={items[0]} />}
      actions={
        <Link href="/operations" tone="muted" className="text-xs">
          All
        </Link>
      }
      isOpen={isOpen}
      onOpenChange={setTrayOpen}
      storageKey="skerry-tray-height"
    >
      {failed ? (
        <ErrorMessage {...pageFailure('Operations could not be read', failed)} />
      ) : operations.isPending ? (
        <SkeletonRows rows={4} label="Loading operations" />
      ) : items.length === 0 ? (
        <EmptyState title="Nothing has been done yet">Every change to a host shows here while it runs.</EmptyState>
      ) : (
        <ul>
          {items.map((operation) => (
            <OperationLine key={operation.id} operation={operation} />
          ))}
        </ul>
      )}
    </ResizablePanel>
  )
}

/** A part of a bulk or drain operation shows within it; alone only for who can't see the whole. */
function withoutParts(items: readonly OperationRow[]): OperationRow[] {
  const ids = new Set(items.map((operation) => operation.id))
  return items.filter(({ parentId }) => parentId === null || !ids.has(parentId))
}

function TraySummary({ live, latest }: { live: OperationRow[]; latest: OperationRow | undefined }) {
  if (live.length > 0) {
    const share = live[0] && operationShare(live[0])
    return (
      <>
        <Spinner /> {live.length} running
        {live.length === 1 && live[0] && (
          <span className="truncate">
            <span className="text-ink-faint">· </span>
            {operationWord(live[0])} {operationTarget(live[0])}
            {share !== null && share !== undefined && ` ${formatPercent(share)}`}
          </span>
        )}
      </>
    )
  }
  if (latest?.state === 'failed') {
    return (
      <span className="truncate text-failed">
        {operationWord(latest)} {operationTarget(latest)} failed
      </span>
    )
  }
  return <span>None running</span>
}
