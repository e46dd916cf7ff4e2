import type { ReactNode } from 'react'
import { Hydrate, prefetch, requireActor, trpc } from '#components/trpc/server.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { Tabs } from '#components/ui/tabs.tsx'
import { settingsPages } from '../navigation.ts'

export default async function Layout({ children }: { children: ReactNode }) {
  const actor = await requireActor()
  prefetch(trpc.session.me.queryOptions())
  return (
    <Hydrate>
      <PageHeader title="Settings" />
      <Tabs
        label="Pages of the settings"
        tabs={settingsPages.filter((page) => !page.operatorOnly || actor.operator)}
        className="px-3"
      />
      {children}
    </Hydrate>
  )
}
