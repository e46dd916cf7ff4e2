'use client'

import { useMutation } from '@tanstack/react-query'
import { toast } from 'sonner'
import { useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { formatDuration } from '#components/ui/format.ts'
import { Link } from '#components/ui/link.tsx'
import { ProgressBar } from '#components/ui/progress-bar.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { isLive, type OperationRow } from '#server/schema/operation.ts'
import { operationLook, operationRate, operationShare, operationTargetHref, operationWord } from './operation-words.ts'

/** One operation: what, on what, by whom, how far, and what can be done about it. */
export function OperationLine({ operation }: { operation: OperationRow }) {
  const { look, word } = operationLook(operation)
  const href = operationTargetHref(operation)
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-1 border-b border-line px-4 py-2 text-sm last:border-b-0 md:grid-cols-[110px_minmax(160px,1.2fr)_minmax(200px,2fr)_minmax(120px,auto)_auto]">
      <StateBadge state={look} label={word} variant="plain" className="order-1 md:order-none" />
      <span className="min-w-0 truncate">
        <span className="text-ink-muted">{operationWord(operation)} </span>
        {href ? (
          <Link href={href} tone="plain" className="font-medium">
            {operation.targetName}
          </Link>
        ) : (
          <span className="font-medium">{operation.targetName}</span>
        )}
      </span>
      <div className="order-2 col-span-2 min-w-0 md:order-none md:col-span-1">
        <OperationProgress operation={operation} />
      </div>
      <span className="order-3 truncate text-xs text-ink-faint md:order-none">
        {operation.actorName} · <RelativeTime at={operation.startedAt ?? operation.createdAt} />
      </span>
      <span className="order-4 flex justify-end gap-1.5 md:order-none">
        <OperationActions operation={operation} />
      </span>
    </li>
  )
}

/** Progress while it lives, the outcome once it ended. */
export function OperationProgress({ operation }: { operation: OperationRow }) {
  if (isLive(operation.state)) {
    const phase =
      operation.phase ?? operation.step ?? (operation.state === 'queued' ? 'Waiting for a worker' : undefined)
    return (
      <ProgressBar
        label={`${operationWord(operation)} ${operation.targetName}`}
        isLabelHidden
        share={operationShare(operation)}
        phase={phase}
        rate={operationRate(operation)}
        remainingSeconds={operation.remainingMs === null ? null : operation.remainingMs / 1000}
        state={operation.kind === 'migrate-vm' ? 'migrating' : 'changing'}
      />
    )
  }
  if (operation.error) {
    return (
      <p className="text-xs text-ink-muted">
        <span className="text-failed">{operation.error.message}</span> {operation.error.wayOut}
      </p>
    )
  }
  const tookMs = took(operation)
  return (
    <p className="truncate text-xs text-ink-muted">
      {operation.undone.length > 0 && `Undone: ${operation.undone.join(', ')}. `}
      {tookMs !== null && `Took ${formatDuration(tookMs / 1000)}`}
    </p>
  )
}

const took = (operation: OperationRow) =>
  operation.startedAt && operation.finishedAt
    ? new Date(operation.finishedAt).getTime() - new Date(operation.startedAt).getTime()
    : null

function OperationActions({ operation }: { operation: OperationRow }) {
  const trpc = useTRPC()
  const onError = (error: { message: string }) => toast.error(error.message)
  const cancel = useMutation(trpc.operation.cancel.mutationOptions({ onError }))
  const retry = useMutation(trpc.operation.retry.mutationOptions({ onError }))
  if (isLive(operation.state)) {
    return (
      <Button
        size="sm"
        variant="quiet"
        label={`Cancel ${operationWord(operation)} ${operation.targetName}`}
        isPending={cancel.isPending || operation.state === 'cancelling'}
        onPress={() => cancel.mutate({ id: operation.id })}
      >
        Cancel
      </Button>
    )
  }
  if (operation.state !== 'failed') return null
  return (
    <Button
      size="sm"
      variant="quiet"
      label={`Try ${operationWord(operation)} ${operation.targetName} again`}
      isPending={retry.isPending}
      onPress={() => retry.mutate({ id: operation.id })}
    >
      Try again
    </Button>
  )
}
