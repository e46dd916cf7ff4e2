'use client'

import { useQuery } from '@tanstack/react-query'
import { OperationActions } from '#components/operation/operation-actions.tsx'
import { OperationDetail } from '#components/operation/operation-detail.tsx'
import { OperationTitle } from '#components/operation/operation-line.tsx'
import { OperationProgress } from '#components/operation/operation-progress.tsx'
import { operationLook, operationTookMs } from '#components/operation/operation-words.ts'
import { useOperation } from '#components/operation/use-operation.ts'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { CodeBlock } from '#components/ui/code-block.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatDuration } from '#components/ui/format.ts'
import { type KeyValue, KeyValueList } from '#components/ui/key-value-list.tsx'
import { Link } from '#components/ui/link.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { LoadingState } from '#components/ui/skeleton.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { isLive, type OperationRow } from '#server/schema/operation.ts'
import { operationName } from './operation-columns.tsx'

/** All that is known of one operation: how far, how it ended and the way out, its parts, what was asked. */
export function OperationDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useOperation(id)
  const operation = query.data
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={operation ? operationName(operation) : 'Operation'}
      size="xl"
    >
      {query.error ? (
        <ErrorMessage {...failure('The operation can’t be shown', query.error)} />
      ) : !operation ? (
        <LoadingState />
      ) : (
        <div className="flex flex-col gap-4">
          <div className="flex min-h-7 flex-wrap items-center gap-x-3 gap-y-1 text-sm">
            <StateBadge state={operationLook(operation).look} label={operationLook(operation).word} />
            <span>
              <OperationTitle operation={operation} />
            </span>
            <span className="ml-auto flex gap-1.5">
              <OperationActions operation={operation} />
            </span>
          </div>
          {operation.error ? (
            <ErrorMessage
              title={operation.error.step ? `It failed at “${operation.error.step}”` : 'It failed'}
              message={operation.error.message}
              {...(operation.error.wayOut ? { whatToDo: operation.error.wayOut } : {})}
            />
          ) : (
            <OperationProgress operation={operation} />
          )}
          {operation.errorDetail && <ForOperators detail={operation.errorDetail} />}
          <OperationFacts operation={operation} />
          <OperationDetail operation={operation} />
          <AskedFor input={operation.input} />
        </div>
      )}
    </Dialog>
  )
}

/** What the hypervisor said, with paths and addresses. */
function ForOperators({ detail }: { detail: string }) {
  return (
    <details className="text-sm">
      <summary className="mb-1 w-fit cursor-default rounded-sm text-xs text-ink-muted hover:text-ink">
        What operators may read of it
      </summary>
      <CodeBlock code={detail} label="error detail" />
    </details>
  )
}

function OperationFacts({ operation }: { operation: OperationRow }) {
  const places = useQuery(useTRPC().fleet.places.queryOptions())
  const tookMs = operationTookMs(operation)
  const tenant = places.data?.tenants.find((each) => each.id === operation.tenantId)
  const facts: KeyValue[] = [
    {
      label: 'Asked by',
      value: operation.actorName,
      ...(operation.actorKind === 'api_key' ? { note: 'by an API key' } : {}),
    },
    { label: 'Asked', value: <RelativeTime at={operation.createdAt} /> },
    { label: 'Began', value: operation.startedAt ? <RelativeTime at={operation.startedAt} /> : 'Not yet' },
    {
      label: isLive(operation.state) ? 'Step' : 'Took',
      value: isLive(operation.state)
        ? operation.stepCount > 0
          ? `${operation.stepIndex + 1} of ${operation.stepCount}`
          : operation.step
        : tookMs === null
          ? null
          : formatDuration(tookMs / 1000),
    },
    { label: 'Tenant', value: tenant ? <Link href={`/tenants/${tenant.id}`}>{tenant.name}</Link> : 'The fleet' },
    ...(operation.cancelRequestedBy ? [{ label: 'Cancelled by', value: operation.cancelRequestedBy }] : []),
    ...(operation.parentId
      ? [{ label: 'Part of', value: <Link href={`/operations?open=${operation.parentId}`}>a larger operation</Link> }]
      : []),
    { label: 'Id', value: operation.id, isMono: true, copyText: operation.id },
  ]
  return <KeyValueList items={facts} columns={2} />
}

/** What was asked for, as the workflow got it. What is sealed stays sealed. */
function AskedFor({ input }: { input: unknown }) {
  if (input === null || typeof input !== 'object' || Object.keys(input).length === 0) return null
  const text = JSON.stringify(input, (key, value) => (key === 'sealed' && value !== null ? '•••' : value), 2)
  return (
    <details className="text-sm">
      <summary className="mb-1 w-fit cursor-default rounded-sm text-xs text-ink-muted hover:text-ink">
        What was asked for
      </summary>
      <CodeBlock code={text} label="input" />
    </details>
  )
}
