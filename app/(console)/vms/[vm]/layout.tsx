import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { Hydrate, prefetch, requireActor, trpc } from '#components/trpc/server.tsx'
import { VmFrame } from './vm-frame.tsx'

export const metadata: Metadata = { title: 'VM' }

export default async function Layout(props: { params: Promise<{ vm: string }>; children: ReactNode }) {
  await requireActor()
  const { vm: id } = await props.params
  prefetch(trpc.vm.get.queryOptions({ id }))
  return (
    <Hydrate>
      <VmFrame id={id}>{props.children}</VmFrame>
    </Hydrate>
  )
}
