import type { Metadata } from 'next'
import { Hydrate, prefetch, requireActor, trpc } from '#components/trpc/server.tsx'
import { SitePage } from './site-page.tsx'

export const metadata: Metadata = { title: 'Site' }

export default async function Page({ params }: { params: Promise<{ site: string }> }) {
  const actor = await requireActor()
  const { site } = await params
  prefetch(trpc.fleet.places.queryOptions())
  if (actor.operator) {
    prefetch(trpc.site.capacity.queryOptions())
    prefetch(trpc.host.list.queryOptions())
  }
  return (
    <Hydrate>
      <SitePage id={site} operator={actor.operator} />
    </Hydrate>
  )
}
