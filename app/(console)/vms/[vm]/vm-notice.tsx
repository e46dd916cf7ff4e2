'use client'

import { useQuery } from '@tanstack/react-query'
import { OperationProgress } from '#components/operation/operation-line.tsx'
import { operationWord } from '#components/operation/operation-words.ts'
import { useTRPC } from '#components/trpc/client.tsx'
import { isLive } from '#server/schema/operation.ts'
import type { Vm } from './use-vm.ts'

/** What a person must know before anything else: an operation at work, or a host that can't be asked. */
export function VmNotice({ vm }: { vm: Vm }) {
  const trpc = useTRPC()
  const operations = useQuery(trpc.operation.list.queryOptions({ targetId: vm.id, limit: 1 }))
  const latest = operations.data?.items[0]
  return (
    <>
      {vm.state === 'unknown' && (
        <p role="status" className="mx-4 mb-3 rounded-md bg-degraded-soft px-3 py-2 text-sm text-ink">
          Its host {vm.host.name} can’t be reached, so its state is not known; it may well be running.{' '}
          <span className="text-ink-muted">{vm.host.stateReason}</span>
        </p>
      )}
      {latest && isLive(latest.state) && (
        <section
          aria-label="Running operation"
          className="mx-4 mb-3 rounded-md border border-line bg-surface px-3 py-2"
        >
          <p className="mb-1 text-xs text-ink-muted">{operationWord(latest)}</p>
          <OperationProgress operation={latest} />
        </section>
      )}
    </>
  )
}
