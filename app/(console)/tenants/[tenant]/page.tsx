import type { Metadata } from 'next'
import { Hydrate, prefetch, requireActor, trpc } from '#components/trpc/server.tsx'
import { TenantPage } from './tenant-page.tsx'

export const metadata: Metadata = { title: 'Tenant' }

export default async function Page({ params }: { params: Promise<{ tenant: string }> }) {
  const actor = await requireActor()
  const { tenant } = await params
  prefetch(trpc.tenant.get.queryOptions({ tenantId: tenant }))
  prefetch(trpc.member.list.queryOptions({ tenantId: tenant }))
  return (
    <Hydrate>
      <TenantPage id={tenant} myUserId={actor.userId} operator={actor.operator} />
    </Hydrate>
  )
}
