'use client'

import { PlugZap } from 'lucide-react'
import { useState } from 'react'
import { useOperation } from '#components/operation/use-operation.ts'
import { failure } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatBytes, formatMilliseconds } from '#components/ui/format.ts'
import { StateBadge } from '#components/ui/state-badge.tsx'
import type { CallError } from '#components/vm/refusal.ts'
import { isLive } from '#server/schema/operation.ts'
import { StoreSummary } from '#server/schema/store.ts'

export interface StoreTestProps {
  /** Of what would be tested: what was found out about something else says nothing of it */
  of: string
  /** Begins a test. @returns its operation */
  start: () => Promise<{ operationId: string }>
  isStarting: boolean
  error: CallError | null
  disabledReason?: string | undefined
  /** Says also whether what is in it can be locked */
  withLock?: boolean
}

/** Tries a store from a worker and says what it does not do, and the way out. Leaves it as it was. */
export function StoreTest({ of, start, isStarting, error, disabledReason, withLock }: StoreTestProps) {
  const [tested, setTested] = useState<{ of: string; operationId: string } | null>(null)
  const operation = useOperation(tested?.of === of ? tested.operationId : null)
  const row = tested?.of === of ? operation.data : undefined
  const isRunning = isStarting || (tested?.of === of && (!row || isLive(row.state)))
  const summary = row?.state === 'succeeded' ? StoreSummary.safeParse(row.result).data : undefined
  return (
    <section aria-label="Test of the store" className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-3">
        <Button
          icon={<PlugZap size={14} aria-hidden="true" />}
          isPending={isRunning}
          onPress={() =>
            void start().then(
              ({ operationId }) => setTested({ of, operationId }),
              () => undefined,
            )
          }
          {...(disabledReason ? { disabledReason } : {})}
        >
          Test it
        </Button>
        <span role="status" className="flex items-center gap-2 text-xs text-ink-muted">
          {isRunning && `A worker is ${row?.phase ?? 'connecting'}…`}
          {summary && (
            <>
              <StateBadge state="running" label="It does all that backups need" />
              {formatMilliseconds(summary.roundTripMs)} there and back
              {summary.freeBytes !== null && `, ${formatBytes(summary.freeBytes)} free`}
            </>
          )}
        </span>
      </div>
      {summary && withLock && (
        <p className="text-xs text-ink-muted">
          {summary.lockRefusal === null
            ? 'What is archived there can be locked: an object that was locked could not be deleted.'
            : `What is archived there can’t be locked. ${summary.lockRefusal}`}
        </p>
      )}
      {error && <ErrorMessage {...failure('The test could not begin', error)} />}
      {row?.state === 'failed' && (
        <ErrorMessage
          title="It can’t be used like that"
          message={[row.error?.message ?? 'No reason was given.', row.errorDetail].filter(Boolean).join(' ')}
          {...(row.error?.wayOut ? { whatToDo: row.error.wayOut } : {})}
        />
      )}
    </section>
  )
}
