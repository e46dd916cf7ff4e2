'use client'

import { useQuery } from '@tanstack/react-query'
import { useQueryState } from 'nuqs'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure, unread } from '#components/trpc/failure.ts'
import { Section } from '#components/ui/card.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { ObstacleDialog } from '#components/ui/obstacle-dialog.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { Select } from '#components/ui/select.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { ArchiveStores } from './archive-stores.tsx'
import { TenantArchive } from './tenant-archive.tsx'

/** What a tenant archives, where to and what it costs; for operators also the stores. */
export function ArchivePage({ operator }: { operator: boolean }) {
  const trpc = useTRPC()
  const query = useQuery(trpc.tenant.list.queryOptions())
  const stores = useQuery({ ...trpc.archiveStore.list.queryOptions(), enabled: operator })
  const failed = unread(query)
  const tenants = query.data ?? []
  const [asked, setAsked] = useQueryState('tenant')
  const [policy, setPolicy] = useQueryState('policy')
  const tenant = tenants.find(({ id }) => id === asked) ?? tenants[0]
  const hasNoStore = operator && stores.data?.length === 0
  return (
    <>
      <PageHeader
        title="Archive"
        meta="Recovery points kept for long, away from the datastores, sealed with a key that the tenant holds."
      />
      <div className="flex min-w-0 flex-col gap-6 p-4">
        {operator && <ArchiveStores tenants={tenants} />}
        {hasNoStore && policy === 'new' && (
          <ObstacleDialog title="No archival policy can be created" onClose={() => void setPolicy(null)}>
            Add an archive store first, then open it to a tenant.
          </ObstacleDialog>
        )}
        {failed ? (
          <ErrorMessage {...pageFailure('The tenants could not be read', failed)} />
        ) : !query.data || (operator && stores.isPending) ? (
          <SkeletonRows rows={5} />
        ) : !tenant ? (
          <EmptyState title="No tenant">Archives belong to tenants.</EmptyState>
        ) : (
          !hasNoStore && (
            <Section
              title={tenants.length > 1 ? 'By tenant' : tenant.name}
              description="Which backups go to an archive store, when, and what is there."
              className="gap-4"
            >
              {tenants.length > 1 && (
                <Select
                  label="Tenant"
                  className="max-w-64"
                  value={tenant.id}
                  onChange={(id) => void setAsked(id)}
                  options={tenants.map(({ id, name }) => ({ id, label: name }))}
                />
              )}
              <TenantArchive key={tenant.id} tenant={tenant} operator={operator} />
            </Section>
          )
        )}
      </div>
    </>
  )
}
