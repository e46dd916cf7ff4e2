'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { failure, pageFailure } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatBytes, formatCounted } from '#components/ui/format.ts'
import { Link } from '#components/ui/link.tsx'
import { Select } from '#components/ui/select.tsx'
import { LoadingState } from '#components/ui/skeleton.tsx'
import { PlanLine } from '#components/vm/migrate/plan-line.tsx'
import { reasonToWait } from '#components/vm/migrate/plan-words.ts'
import type { DrainInput } from '#server/schema/host-action.ts'
import { SimulatedBadge } from './simulated-badge.tsx'

type DrainItem = Outputs['host']['drainPlan'][number]

const onSlowOptions = [
  { id: 'post-copy', label: 'Switch over early', detail: 'The rest of its memory follows (post-copy)' },
  { id: 'keep-trying', label: 'Keep trying', detail: 'However long it takes' },
  { id: 'give-up', label: 'Give up', detail: 'It stays where it is' },
] as const satisfies readonly { id: DrainInput['onSlow']; label: string; detail: string }[]

/** Shows where each VM would go, then has them all leave. */
export function DrainHostDialog({ host, onClose }: { host: { id: string; name: string }; onClose: () => void }) {
  const trpc = useTRPC()
  const plan = useQuery({ ...trpc.host.drainPlan.queryOptions({ id: host.id }), staleTime: 0 })
  const [onSlow, setOnSlow] = useState<DrainInput['onSlow']>('post-copy')
  const [idempotencyKey] = useState(() => crypto.randomUUID())
  const drain = useMutation(trpc.host.drain.mutationOptions({ onSuccess: onClose }))
  const staying = plan.data?.filter((item) => item.to === null) ?? []
  const leaving = (plan.data?.length ?? 0) - staying.length
  const standing = plan.data?.filter((item) => item.to?.way === 'saved').map((item) => item.vmId) ?? []
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Drain ${host.name}`}
      description="All its VMs move to other hosts, and it takes no new ones until you stop draining."
      size="lg"
      footerNote={
        !plan.isError &&
        plan.data &&
        plan.data.length > 0 &&
        [
          staying.length > 0
            ? `${leaving} of ${plan.data.length} VMs can leave; ${staying.length} stay.`
            : `All ${leaving} VMs can leave.`,
          standing.length > 0 && `${formatCounted(standing.length, 'VM')} will stand still while moving.`,
        ]
          .filter(Boolean)
          .join(' ')
      }
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            variant="primary"
            isPending={drain.isPending}
            disabledReason={reasonToWait(plan)}
            onPress={() => drain.mutate({ id: host.id, onSlow, standStill: standing, idempotencyKey })}
          >
            {plan.data && leaving === 0 ? 'Take no new VMs' : `Drain ${host.name}`}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {plan.error ? (
          <ErrorMessage {...pageFailure('The plan could not be made', { ...plan, error: plan.error })} />
        ) : !plan.data ? (
          <LoadingState label="Finding a place for each VM…" />
        ) : plan.data.length === 0 ? (
          <EmptyState title="It has no VMs">Draining only keeps new ones away.</EmptyState>
        ) : (
          <>
            <ul aria-label="Plan" className="divide-y divide-line rounded-md border border-line">
              {plan.data.map((item) => (
                <DrainLine key={item.vmId} item={item} />
              ))}
            </ul>
            <Select
              label="When a VM’s memory changes faster than it can be copied"
              options={onSlowOptions}
              value={onSlow}
              onChange={(id) => setOnSlow(onSlowOptions.find((option) => option.id === id)?.id ?? 'post-copy')}
              className="max-w-90"
            />
          </>
        )}
        {drain.error && <ErrorMessage {...failure('The drain did not begin', drain.error)} />}
      </div>
    </Dialog>
  )
}

function DrainLine({ item: { vmId, name, to, reasons } }: { item: DrainItem }) {
  const move = { vmId, name, way: to?.way ?? null, totalMs: to?.totalMs ?? null, reasons }
  if (!to) return <PlanLine move={move} />
  return (
    <PlanLine
      move={move}
      to={
        <>
          to{' '}
          <Link href={`/hosts/${to.hostId}`} tone="muted">
            {to.name}
          </Link>{' '}
          {to.simulated && <SimulatedBadge />}
        </>
      }
      note={to.copiedBytes > 0 ? `${formatBytes(to.copiedBytes)} of disk to copy` : 'no disk to copy'}
    />
  )
}
