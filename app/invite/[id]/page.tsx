import type { Metadata } from 'next'
import { TrpcProvider } from '#components/trpc/client.tsx'
import { currentActor, Hydrate, prefetch, trpc } from '#components/trpc/server.tsx'
import { InvitePage } from './invite-page.tsx'

export const metadata: Metadata = { title: 'Invitation', referrer: 'no-referrer' }

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  const actor = await currentActor()
  prefetch(trpc.session.invitation.queryOptions({ invitationId: id }))
  if (actor) prefetch(trpc.session.me.queryOptions())
  return (
    <TrpcProvider>
      <Hydrate>
        <InvitePage id={id} isSignedIn={actor !== null} />
      </Hydrate>
    </TrpcProvider>
  )
}
