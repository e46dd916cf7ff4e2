import type { ReactNode } from 'react'
import { Hydrate, prefetch, requireActor, trpc } from '#components/trpc/server.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { Tabs } from '#components/ui/tabs.tsx'

export default async function Layout({ children }: { children: ReactNode }) {
  const actor = await requireActor()
  prefetch(trpc.session.me.queryOptions())
  return (
    <Hydrate>
      <PageHeader title="Settings" />
      <Tabs
        label="Pages of the settings"
        tabs={[
          { href: '/settings', label: 'Profile' },
          { href: '/settings/security', label: 'Security' },
          { href: '/settings/api-keys', label: 'API keys' },
          ...(actor.operator ? [{ href: '/settings/people', label: 'People' }] : []),
        ]}
        className="px-3"
      />
      {children}
    </Hydrate>
  )
}
