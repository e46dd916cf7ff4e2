import type { Metadata } from 'next'
import { Hydrate, prefetch, requireActor, trpc } from '#components/trpc/server.tsx'
import { VmRecoveryPoints } from './vm-recovery-points.tsx'

export const metadata: Metadata = { title: 'Recovery points' }

export default async function Page({ params }: { params: Promise<{ vm: string }> }) {
  await requireActor()
  const { vm } = await params
  prefetch(trpc.recoveryPoint.list.queryOptions({ vmUuid: vm }))
  return (
    <Hydrate>
      <VmRecoveryPoints vmUuid={vm} />
    </Hydrate>
  )
}
