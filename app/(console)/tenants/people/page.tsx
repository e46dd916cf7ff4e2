import type { Metadata } from 'next'
import { OperatorsOnly } from '#components/auth/operators-only.tsx'
import { Hydrate, prefetchPage, requireActor, trpc } from '#components/trpc/server.tsx'
import { PeoplePage } from './people-page.tsx'
import { peopleInput } from './people-query.ts'

export const metadata: Metadata = { title: 'People' }

export default async function Page() {
  const actor = await requireActor()
  if (!actor.operator) return <OperatorsOnly title="People" />
  prefetchPage(trpc.user.list.infiniteQueryOptions(peopleInput(''), { getNextPageParam: (page) => page.next }))
  return (
    <Hydrate>
      <PeoplePage myUserId={actor.userId} />
    </Hydrate>
  )
}
