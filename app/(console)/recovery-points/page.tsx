import type { Metadata } from 'next'
import { Hydrate, prefetch, requireActor, trpc } from '#components/trpc/server.tsx'
import { RecoveryPointsPage } from './recovery-points-page.tsx'

export const metadata: Metadata = { title: 'Recovery points' }

export default async function Page() {
  await requireActor()
  prefetch(trpc.recoveryPoint.vms.queryOptions())
  return (
    <Hydrate>
      <RecoveryPointsPage />
    </Hydrate>
  )
}
