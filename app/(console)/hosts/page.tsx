import type { Metadata } from 'next'
import { OperatorsOnly } from '#components/auth/operators-only.tsx'
import { Hydrate, prefetch, requireActor, trpc } from '#components/trpc/server.tsx'
import { HostsPage } from './hosts-page.tsx'

export const metadata: Metadata = { title: 'Hosts' }

export default async function Page() {
  const actor = await requireActor()
  if (!actor.operator) return <OperatorsOnly title="Hosts" />
  prefetch(trpc.fleet.places.queryOptions())
  prefetch(trpc.host.list.queryOptions())
  return (
    <Hydrate>
      <HostsPage />
    </Hydrate>
  )
}
