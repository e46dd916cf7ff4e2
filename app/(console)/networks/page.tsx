import type { Metadata } from 'next'
import { OperatorsOnly } from '#components/auth/operators-only.tsx'
import { Hydrate, prefetch, requireActor, trpc } from '#components/trpc/server.tsx'
import { NetworksPage } from './networks-page.tsx'

export const metadata: Metadata = { title: 'Networks' }

export default async function Page() {
  const actor = await requireActor()
  if (!actor.operator) return <OperatorsOnly title="Networks" />
  prefetch(trpc.fleet.places.queryOptions())
  prefetch(trpc.network.list.queryOptions())
  prefetch(trpc.network.grants.queryOptions())
  return (
    <Hydrate>
      <NetworksPage />
    </Hydrate>
  )
}
