import type { Metadata } from 'next'
import { Hydrate, prefetch, requireActor, trpc } from '#components/trpc/server.tsx'
import { TemplatesPage } from './templates-page.tsx'

export const metadata: Metadata = { title: 'Templates' }

export default async function Page() {
  const { operator } = await requireActor()
  prefetch(trpc.template.list.queryOptions())
  return (
    <Hydrate>
      <TemplatesPage operator={operator} />
    </Hydrate>
  )
}
