import type { Metadata } from 'next'
import { OperatorsOnly } from '#components/auth/operators-only.tsx'
import { Hydrate, prefetch, requireActor, trpc } from '#components/trpc/server.tsx'
import { DatastorePage } from './datastore-page.tsx'

export const metadata: Metadata = { title: 'Datastore' }

export default async function Page(props: { params: Promise<{ datastore: string }> }) {
  const actor = await requireActor()
  if (!actor.operator) return <OperatorsOnly title="Datastore" />
  const { datastore: id } = await props.params
  prefetch(trpc.datastore.get.queryOptions({ id }))
  return (
    <Hydrate>
      <DatastorePage id={id} />
    </Hydrate>
  )
}
