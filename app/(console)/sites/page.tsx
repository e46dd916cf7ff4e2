import type { Metadata } from 'next'
import { Hydrate, prefetch, requireActor, trpc } from '#components/trpc/server.tsx'
import { SitesPage } from './sites-page.tsx'

export const metadata: Metadata = { title: 'Sites' }

export default async function Page() {
  const actor = await requireActor()
  prefetch(trpc.fleet.places.queryOptions())
  return (
    <Hydrate>
      <SitesPage operator={actor.operator} />
    </Hydrate>
  )
}
