import type { Metadata } from 'next'
import type { SearchParams } from 'nuqs/server'
import { Hydrate, prefetch, prefetchPage, requireActor, trpc } from '#components/trpc/server.tsx'
import { loadOperationParams, operationInput } from './operation-query.ts'
import { OperationsPage } from './operations-page.tsx'

export const metadata: Metadata = { title: 'Operations' }

export default async function Page({ searchParams }: { searchParams: Promise<SearchParams> }) {
  await requireActor()
  const params = await loadOperationParams(searchParams)
  prefetchPage(
    trpc.operation.list.infiniteQueryOptions(operationInput(params), { getNextPageParam: (page) => page.next }),
  )
  if (params.open) prefetch(trpc.operation.get.queryOptions({ id: params.open }))
  return (
    <Hydrate>
      <OperationsPage />
    </Hydrate>
  )
}
