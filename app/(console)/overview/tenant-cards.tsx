'use client'

import { useQuery } from '@tanstack/react-query'
import { QuotaMeters } from '#components/tenant/quota-meters.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure, unread } from '#components/trpc/failure.ts'
import { Card } from '#components/ui/card.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { Link } from '#components/ui/link.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'

/** For each of the person's tenants: what it uses against what it may. */
export function TenantCards() {
  const tenants = useQuery(useTRPC().tenant.list.queryOptions())
  const failed = unread(tenants)
  if (failed || !tenants.data || tenants.data.length === 0) {
    return (
      <Card title="Quota" isFlush>
        {failed ? (
          <ErrorMessage {...pageFailure('Quotas could not be read', failed)} />
        ) : tenants.data ? (
          <EmptyState title="You belong to no tenant">Ask its admin for an invitation.</EmptyState>
        ) : (
          <SkeletonRows rows={3} label="Loading quotas" />
        )}
      </Card>
    )
  }
  return (
    <>
      {tenants.data.map(
        ({ id, name, use, quotas }) =>
          use && (
            <Card key={id} title={`Quota of ${name}`} actions={<Link href={`/tenants/${id}`}>Open</Link>}>
              <QuotaMeters use={use} quotas={quotas} />
            </Card>
          ),
      )}
    </>
  )
}
