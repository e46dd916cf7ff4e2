import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { OperatorsOnly } from '#components/auth/operators-only.tsx'
import { Hydrate, prefetch, requireActor, trpc } from '#components/trpc/server.tsx'
import { HostFrame } from './host-frame.tsx'

export const metadata: Metadata = { title: 'Host' }

export default async function Layout(props: { params: Promise<{ host: string }>; children: ReactNode }) {
  const actor = await requireActor()
  if (!actor.operator) return <OperatorsOnly title="Host" />
  const { host: id } = await props.params
  prefetch(trpc.host.get.queryOptions({ id }))
  return (
    <Hydrate>
      <HostFrame id={id}>{props.children}</HostFrame>
    </Hydrate>
  )
}
