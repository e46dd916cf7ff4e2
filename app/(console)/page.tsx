import type { Metadata } from 'next'
import { Hydrate, prefetch, requireActor, trpc } from '#components/trpc/server.tsx'
import { OverviewPage } from './overview/overview-page.tsx'
import { failedLately, troubledVms } from './overview/overview-query.ts'

export const metadata: Metadata = { title: 'Overview' }

export default async function Page() {
  const actor = await requireActor()
  prefetch(trpc.fleet.places.queryOptions())
  prefetch(trpc.vm.counts.queryOptions({ filter: '' }))
  prefetch(trpc.vm.list.queryOptions(troubledVms))
  prefetch(trpc.operation.list.queryOptions(failedLately))
  prefetch(trpc.tenant.list.queryOptions())
  prefetch(trpc.protection.counts.queryOptions())
  if (actor.operator) prefetch(trpc.site.capacity.queryOptions())
  if (actor.operator) prefetch(trpc.datastore.list.queryOptions())
  return (
    <Hydrate>
      <OverviewPage operator={actor.operator} />
    </Hydrate>
  )
}
