'use client'

import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { Card } from '#components/ui/card.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatCount } from '#components/ui/format.ts'
import { Link } from '#components/ui/link.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { StateIcon } from '#components/ui/state-icon.tsx'
import { CreateVmLink } from '#components/vm/create-vm-link.tsx'
import { vmLook, vmStateWord } from '#components/vm/vm-state.ts'
import { vmStates } from '#server/schema/vm.ts'

/** A tenant's VMs by state, each number leading to the list of them. */
export function TenantVmsCard({ name }: { name: string }) {
  const filter = `tenant:"${name}"`
  const counts = useQuery(useTRPC().vm.counts.queryOptions({ filter }))
  const href = (term: string) => `/fleet?filter=${encodeURIComponent(`${filter}${term}`)}`
  return (
    <Card
      title="VMs"
      isFlush
      actions={
        counts.data && (
          <Link href={href('')} tone="muted" className="text-xs">
            All {formatCount(counts.data.total)}
          </Link>
        )
      }
    >
      {counts.error ? (
        <ErrorMessage variant="page" {...failure('The VMs could not be counted', counts.error)} />
      ) : !counts.data ? (
        <SkeletonRows rows={2} />
      ) : counts.data.total === 0 ? (
        <EmptyState title="No VMs yet" action={<CreateVmLink />} />
      ) : (
        <ul className="divide-y divide-line">
          {vmStates
            .filter((state) => (counts.data.byState[state] ?? 0) > 0)
            .map((state) => (
              <li key={state} className="flex items-center gap-2 px-4 py-2 text-sm">
                <StateIcon state={vmLook(state, null).look} sizePx={11} />
                <Link href={href(` state:${state}`)} tone="plain" className="flex-1">
                  {vmStateWord[state]}
                </Link>
                <span>{formatCount(counts.data.byState[state])}</span>
              </li>
            ))}
        </ul>
      )}
    </Card>
  )
}
