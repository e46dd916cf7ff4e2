import type { Metadata } from 'next'
import { Hydrate, prefetch, requireActor, trpc } from '#components/trpc/server.tsx'
import { TenantsPage } from './tenants-page.tsx'

export const metadata: Metadata = { title: 'Tenants' }

export default async function Page() {
  const actor = await requireActor()
  prefetch(trpc.tenant.list.queryOptions())
  return (
    <Hydrate>
      <TenantsPage operator={actor.operator} />
    </Hydrate>
  )
}
