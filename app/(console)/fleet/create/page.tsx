import type { Metadata } from 'next'
import { Hydrate, prefetch, requireActor, trpc } from '#components/trpc/server.tsx'
import { CreateVmPage } from './create-vm-page.tsx'

export const metadata: Metadata = { title: 'Create a VM' }

export default async function Page() {
  const actor = await requireActor()
  prefetch(trpc.template.list.queryOptions())
  if (actor.operator) prefetch(trpc.network.names.queryOptions({ tenantId: null }))
  const mayCreateIn = actor.memberships.filter(({ role }) => role !== 'viewer').map(({ tenantId }) => tenantId)
  return (
    <Hydrate>
      <CreateVmPage operator={actor.operator} tenantIds={mayCreateIn} />
    </Hydrate>
  )
}
