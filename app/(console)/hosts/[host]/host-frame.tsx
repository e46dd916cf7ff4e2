'use client'

import { useQuery } from '@tanstack/react-query'
import { ArrowRightFromLine, Ban } from 'lucide-react'
import type { ReactNode } from 'react'
import { useHostCommands } from '#components/host/host-commands.tsx'
import { HostStateBadge } from '#components/host/host-state-badge.tsx'
import { SimulatedBadge } from '#components/host/simulated-badge.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { unread } from '#components/trpc/failure.ts'
import { UnreadPage } from '#components/trpc/unread-page.tsx'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { formatCount } from '#components/ui/format.ts'
import { Link } from '#components/ui/link.tsx'
import { MoreMenu } from '#components/ui/more-menu.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { Tabs } from '#components/ui/tabs.tsx'
import { usePageTitle } from '#components/ui/use-page-title.ts'
import { HostNotice } from './host-notice.tsx'

/** Head and tabs of a host's pages. */
export function HostFrame({ id, children }: { id: string; children: ReactNode }) {
  const trpc = useTRPC()
  const query = useQuery(trpc.host.get.queryOptions({ id }))
  const commands = useHostCommands()
  usePageTitle(query.data?.name)
  const failed = unread(query)
  if (failed) return <UnreadPage noun="Host" query={failed} />
  const host = query.data
  if (!host) return <SkeletonRows rows={8} />
  const commanded = { ...host, vms: host.promised.vms }
  return (
    <>
      <PageHeader
        title={host.name}
        state={
          <>
            <HostStateBadge state={host.state} draining={host.draining} variant="soft" />
            {host.simulated && <SimulatedBadge />}
          </>
        }
        meta={
          <>
            <span>
              in{' '}
              <Link href={`/sites/${host.site.id}`} tone="muted">
                {host.site.name}
              </Link>
            </span>
            <span className="font-mono">{host.uri}</span>
          </>
        }
        actions={
          <>
            {host.draining ? (
              <Button
                icon={<Ban size={14} aria-hidden="true" />}
                isPending={commands.isUndraining}
                onPress={() => commands.undrain(commanded)}
              >
                Stop draining
              </Button>
            ) : (
              <Button
                icon={<ArrowRightFromLine size={14} aria-hidden="true" />}
                onPress={() => commands.drain(commanded)}
                {...(host.state === 'connected'
                  ? {}
                  : { disabledReason: 'It can’t be reached, so its VMs can’t leave it' })}
              >
                Drain…
              </Button>
            )}
            <MoreMenu name={host.name} groups={commands.groups(commanded)} />
          </>
        }
      />
      <HostNotice host={host} />
      <Tabs
        label={`Pages of ${host.name}`}
        tabs={[
          { href: `/hosts/${id}`, label: 'Overview' },
          { href: `/hosts/${id}/vms`, label: 'VMs', badge: <Badge>{formatCount(host.promised.vms)}</Badge> },
          { href: `/hosts/${id}/storage`, label: 'Storage' },
          { href: `/hosts/${id}/networks`, label: 'Networks' },
          { href: `/hosts/${id}/devices`, label: 'Devices' },
        ]}
        className="px-3"
      />
      {children}
      {commands.dialogs}
    </>
  )
}
