import type { Metadata } from 'next'
import { OperatorsOnly } from '#components/auth/operators-only.tsx'
import { Hydrate, prefetch, requireActor, trpc } from '#components/trpc/server.tsx'
import { DatastoresPage } from './datastores-page.tsx'

export const metadata: Metadata = { title: 'Datastores' }

export default async function Page() {
  const actor = await requireActor()
  if (!actor.operator) return <OperatorsOnly title="Datastores" />
  prefetch(trpc.datastore.list.queryOptions())
  return (
    <Hydrate>
      <DatastoresPage />
    </Hydrate>
  )
}
