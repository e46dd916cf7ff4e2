'use client'

import { useQuery } from '@tanstack/react-query'
import { OperationLine } from '#components/operation/operation-line.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { Card } from '#components/ui/card.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { useVm } from '../use-vm.ts'

/** What happened to the VM (as the hypervisor told it) and what was done to it. */
export function VmEvents() {
  const vm = useVm()
  const trpc = useTRPC()
  const events = useQuery(trpc.vm.events.queryOptions({ id: vm.id }))
  const operations = useQuery(trpc.operation.list.queryOptions({ targetId: vm.id, limit: 30 }))
  return (
    <div className="grid gap-4 2xl:grid-cols-2">
      <Card title="What happened" isFlush>
        {events.isPending && <SkeletonRows rows={6} />}
        {events.error && (
          <ErrorMessage variant="page" title="Events could not be read" message={events.error.message} />
        )}
        {events.data?.length === 0 && (
          <EmptyState title="Nothing yet">
            Starts, stops, moves and changes show here as the host reports them.
          </EmptyState>
        )}
        <ol className="divide-y divide-line">
          {events.data?.map((event) => (
            <li key={event.id} className="flex items-baseline gap-3 px-4 py-1.5 text-sm">
              <span className="w-28 shrink-0 text-xs text-ink-faint">
                <RelativeTime at={event.at} />
              </span>
              <span className="shrink-0 font-medium">{event.kind}</span>
              <span className="min-w-0 truncate text-ink-muted">{event.detail}</span>
            </li>
          ))}
        </ol>
      </Card>
      <Card title="What was done" isFlush>
        {operations.data?.items.length === 0 && (
          <EmptyState title="Nothing was done from here yet">Every operation on this VM is kept here.</EmptyState>
        )}
        <ul>
          {operations.data?.items.map((operation) => (
            <OperationLine key={operation.id} operation={operation} />
          ))}
        </ul>
      </Card>
    </div>
  )
}
