'use client'

import { PlugZap } from 'lucide-react'
import { useState } from 'react'
import type { z } from 'zod'
import { OperationFailure } from '#components/operation/operation-failure.tsx'
import { useOperation } from '#components/operation/use-operation.ts'
import { failure } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatBytes, formatMilliseconds } from '#components/ui/format.ts'
import { revealInDialog } from '#components/ui/reveal.ts'
import { StateBadge } from '#components/ui/state-badge.tsx'
import type { CallError } from '#components/vm/refusal.ts'
import { isLive } from '#server/schema/operation.ts'
import { StoreSummary } from '#server/schema/store.ts'

export interface StoreTestProps<Input> {
  /** What would be tested, as its schema judges what was typed */
  input: z.ZodSafeParseResult<Input>
  /** Begins a test */
  test: {
    mutateAsync: (input: Input) => Promise<{ operationId: string }>
    isPending: boolean
    error: CallError | null
  }
  /** Says also whether what is in it can be locked */
  withLock?: boolean
}

/** Tries a store from a worker and says what it does not do, and the way out. Leaves it as it was. */
export function StoreTest<Input>({ input, test, withLock }: StoreTestProps<Input>) {
  // What was found out about something else says nothing of this.
  const of = JSON.stringify(input.data ?? null)
  const [tested, setTested] = useState<{ of: string; operationId: string } | null>(null)
  const operation = useOperation(tested?.of === of ? tested.operationId : null)
  const row = tested?.of === of ? operation.data : undefined
  const isRunning = test.isPending || (tested?.of === of && (!row || isLive(row.state)))
  const summary = row?.state === 'succeeded' ? StoreSummary.safeParse(row.result).data : undefined
  return (
    <section aria-label="Test of the store" className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-3">
        <Button
          icon={<PlugZap size={14} aria-hidden="true" />}
          isPending={isRunning}
          disabledReason={input.success ? undefined : 'Say first where its files lie'}
          onPress={() =>
            input.success &&
            void test.mutateAsync(input.data).then(
              ({ operationId }) => setTested({ of, operationId }),
              () => undefined,
            )
          }
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
        <p ref={revealInDialog} className="text-xs text-ink-muted">
          {summary.lockRefusal === null
            ? 'What is archived there can be locked: an object that was locked could not be deleted.'
            : `What is archived there can’t be locked. ${summary.lockRefusal}`}
        </p>
      )}
      {test.error && <ErrorMessage {...failure('The test could not begin', test.error)} />}
      <OperationFailure title="It can’t be used like that" operation={row} />
    </section>
  )
}
