import type { Metadata } from 'next'
import type { SearchParams } from 'nuqs/server'
import { Hydrate, prefetch, prefetchPage, requireActor, trpc } from '#components/trpc/server.tsx'
import { ProtectionPage } from './protection-page.tsx'
import { loadProtectionParams, protectionPageSize, protectionSearch } from './protection-query.ts'

export const metadata: Metadata = { title: 'Protection' }

export default async function Page({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const actor = await requireActor()
  const view = await loadProtectionParams(searchParams)
  prefetch(trpc.protection.counts.queryOptions())
  prefetch(trpc.protection.policies.queryOptions())
  prefetchPage(
    trpc.protection.list.infiniteQueryOptions(
      { ...protectionSearch(view), limit: protectionPageSize },
      { getNextPageParam: (page) => page.next },
    ),
  )
  return (
    <Hydrate>
      <ProtectionPage operator={actor.operator} />
    </Hydrate>
  )
}
