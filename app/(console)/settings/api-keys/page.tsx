import type { Metadata } from 'next'
import { Hydrate, prefetch, requireActor, trpc } from '#components/trpc/server.tsx'
import { ApiKeyPage } from './api-key-page.tsx'

export const metadata: Metadata = { title: 'API keys' }

export default async function Page() {
  await requireActor()
  prefetch(trpc.apiKey.list.queryOptions())
  return (
    <Hydrate>
      <ApiKeyPage />
    </Hydrate>
  )
}
