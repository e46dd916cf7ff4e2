'use client'

import { useQuery } from '@tanstack/react-query'
import { useQueryState } from 'nuqs'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure, unread } from '#components/trpc/failure.ts'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { Select } from '#components/ui/select.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { ArchiveStores } from './archive-stores.tsx'
import { TenantArchive } from './tenant-archive.tsx'

/** What a tenant archives, where to and what it costs; for operators also the stores. */
export function ArchivePage({ operator }: { operator: boolean }) {
  const query = useQuery(useTRPC().tenant.list.queryOptions())
  const failed = unread(query)
  const tenants = query.data ?? []
  const [asked, setAsked] = useQueryState('tenant')
  const tenantId = tenants.some(({ id }) => id === asked) ? asked : (tenants[0]?.id ?? null)
  return (
    <>
      <PageHeader
        title="Archive"
        meta="Recovery points kept for long, away from the datastores, sealed with a key that the tenant holds."
      />
      <div className="flex min-w-0 flex-col gap-6 p-4">
        {operator && <ArchiveStores tenants={tenants} />}
        {tenants.length > 1 && (
          <Select
            label="Tenant"
            className="max-w-64"
            value={tenantId}
            onChange={(id) => void setAsked(id)}
            options={tenants.map(({ id, name }) => ({ id, label: name }))}
          />
        )}
        {failed ? (
          <ErrorMessage {...pageFailure('The tenants could not be read', failed)} />
        ) : !query.data ? (
          <SkeletonRows rows={5} />
        ) : tenantId ? (
          <TenantArchive key={tenantId} tenantId={tenantId} />
        ) : (
          <EmptyState title="No tenant">Archives belong to tenants.</EmptyState>
        )}
      </div>
    </>
  )
}
