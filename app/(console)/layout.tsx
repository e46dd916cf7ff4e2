import type { ReactNode } from 'react'
import { LiveProvider } from '#components/live/live-provider.tsx'
import { TrpcProvider } from '#components/trpc/client.tsx'
import { Hydrate, prefetch, requireActor, trpc } from '#components/trpc/server.tsx'
import { Shell } from './shell.tsx'
import { StayOnPage } from './stay-on-page.tsx'

export default async function ConsoleLayout({ children }: { children: ReactNode }) {
  const actor = await requireActor()
  const administers = actor.memberships.some(({ role }) => role === 'owner' || role === 'admin')
  prefetch(trpc.fleet.places.queryOptions())
  return (
    <TrpcProvider>
      <Hydrate>
        <LiveProvider>
          <StayOnPage>
            <Shell
              person={{ name: actor.name, operator: actor.operator, administers, memberships: [...actor.memberships] }}
            >
              {children}
            </Shell>
          </StayOnPage>
        </LiveProvider>
      </Hydrate>
    </TrpcProvider>
  )
}
