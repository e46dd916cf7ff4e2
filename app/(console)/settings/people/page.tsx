import type { Metadata } from 'next'
import type { SearchParams } from 'nuqs/server'
import { Hydrate, prefetchPage, requireActor, trpc } from '#components/trpc/server.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { PeoplePage } from './people-page.tsx'
import { loadPeopleParams, peopleInput } from './people-query.ts'

export const metadata: Metadata = { title: 'People' }

export default async function Page({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const actor = await requireActor()
  if (!actor.operator) {
    return (
      <ErrorMessage
        variant="page"
        title="Accounts are for operators"
        message="Those of a tenant are on the tenant’s page."
      />
    )
  }
  const { search } = await loadPeopleParams(searchParams)
  prefetchPage(trpc.user.list.infiniteQueryOptions(peopleInput(search), { getNextPageParam: (page) => page.next }))
  return (
    <Hydrate>
      <PeoplePage />
    </Hydrate>
  )
}
