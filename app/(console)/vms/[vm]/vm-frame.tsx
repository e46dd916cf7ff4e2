'use client'

import { useQuery } from '@tanstack/react-query'
import { Lock } from 'lucide-react'
import type { ReactNode } from 'react'
import { SimulatedBadge } from '#components/host/simulated-badge.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure, unread } from '#components/trpc/failure.ts'
import { Badge } from '#components/ui/badge.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { Link } from '#components/ui/link.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { Tabs } from '#components/ui/tabs.tsx'
import { usePageTitle } from '#components/ui/use-page-title.ts'
import { VmActionBar } from '#components/vm/vm-action-bar.tsx'
import { VmStateBadge } from '#components/vm/vm-state-badge.tsx'
import type { VmState } from '#server/schema/vm.ts'
import { VmNotice } from './vm-notice.tsx'

/** Head and tabs of a VM's pages: what is this, is it all right, what can I do. */
export function VmFrame({ id, children }: { id: string; children: ReactNode }) {
  const trpc = useTRPC()
  const query = useQuery(trpc.vm.get.queryOptions({ id }))
  usePageTitle(query.data?.name)
  const failed = unread(query)
  if (failed) return <ErrorMessage {...pageFailure('This VM can’t be shown', failed)} />
  const vm = query.data
  if (!vm) return <SkeletonRows rows={8} />
  const operation = vm.operation
  return (
    <>
      <PageHeader
        title={vm.name}
        state={
          <>
            <VmStateBadge
              state={vm.state as VmState}
              stateReason={vm.stateReason}
              operation={operation}
              variant="soft"
            />
            {vm.host.simulated && <SimulatedBadge />}
            {vm.protected && (
              <Badge>
                <Lock size={10} aria-hidden="true" className="mr-1" /> protected
              </Badge>
            )}
          </>
        }
        meta={
          <>
            <span>
              on{' '}
              <Link href={`/hosts/${vm.host.id}`} tone="muted">
                {vm.host.name}
              </Link>{' '}
              in{' '}
              <Link href={`/sites/${vm.site.id}`} tone="muted">
                {vm.site.name}
              </Link>
            </span>
            {vm.tenant ? (
              <Link href={`/tenants/${vm.tenant.id}`} tone="muted">
                {vm.tenant.name}
              </Link>
            ) : (
              <span>unassigned</span>
            )}
            {vm.addresses[0] && <span className="font-mono">{vm.addresses[0]}</span>}
          </>
        }
        actions={<VmActionBar vm={vm} />}
      />
      <VmNotice vm={vm} />
      <Tabs
        label={`Pages of ${vm.name}`}
        tabs={[
          { href: `/vms/${id}`, label: 'Overview' },
          { href: `/vms/${id}/configuration`, label: 'Configuration' },
          { href: `/vms/${id}/snapshots`, label: 'Snapshots' },
          { href: `/vms/${id}/backups`, label: 'Backups' },
          { href: `/vms/${id}/events`, label: 'Events' },
          { href: `/vms/${id}/permissions`, label: 'Permissions' },
          ...(vm.may.readXml === true ? [{ href: `/vms/${id}/xml`, label: 'XML' }] : []),
        ]}
        className="px-3"
      />
      <div className="min-w-0 p-4">{children}</div>
    </>
  )
}
