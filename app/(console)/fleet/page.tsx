import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import type { SearchParams } from 'nuqs/server'
import { Hydrate, prefetch, prefetchPage, requireActor, trpc } from '#components/trpc/server.tsx'
import { FleetPage } from './fleet-page.tsx'
import { listInput, loadFleetParams } from './fleet-query.ts'

export const metadata: Metadata = { title: 'VMs' }

export default async function Page({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const actor = await requireActor()
  if ((await searchParams).create !== undefined) redirect('/fleet/create')
  const { filter, sort } = await loadFleetParams(searchParams)
  prefetchPage(
    trpc.vm.list.infiniteQueryOptions(listInput(filter, sort), { getNextPageParam: (page) => page.nextCursor }),
  )
  prefetch(trpc.vm.rights.queryOptions())
  prefetch(trpc.vm.counts.queryOptions({ filter }))
  prefetch(trpc.savedView.list.queryOptions({ page: '/fleet' }))
  return (
    <Hydrate>
      <FleetPage operator={actor.operator} />
    </Hydrate>
  )
}
