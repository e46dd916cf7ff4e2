import type { Metadata } from 'next'
import { Hydrate, prefetch, requireActor, trpc } from '#components/trpc/server.tsx'
import { ArchivePage } from './archive-page.tsx'

export const metadata: Metadata = { title: 'Archive' }

export default async function Page() {
  const actor = await requireActor()
  prefetch(trpc.tenant.list.queryOptions())
  if (actor.operator) prefetch(trpc.archiveStore.list.queryOptions())
  return (
    <Hydrate>
      <ArchivePage operator={actor.operator} />
    </Hydrate>
  )
}
