import type { Metadata } from 'next'
import { OperatorsOnly } from '#components/auth/operators-only.tsx'
import { Hydrate, prefetch, requireActor, trpc } from '#components/trpc/server.tsx'
import { StoragePage } from './storage-page.tsx'

export const metadata: Metadata = { title: 'Storage' }

export default async function Page() {
  const actor = await requireActor()
  if (!actor.operator) return <OperatorsOnly title="Storage" />
  prefetch(trpc.fleet.places.queryOptions())
  prefetch(trpc.storage.list.queryOptions())
  return (
    <Hydrate>
      <StoragePage />
    </Hydrate>
  )
}
