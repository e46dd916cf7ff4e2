'use client'

import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { Card } from '#components/ui/card.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatCounted } from '#components/ui/format.ts'
import { Link } from '#components/ui/link.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'

/** What the tenant's VMs can be plugged into. */
export function TenantNetworksCard({ tenantId, operator }: { tenantId: string; operator: boolean }) {
  const networks = useQuery(useTRPC().network.names.queryOptions({ tenantId }))
  return (
    <Card
      title="Networks"
      actions={
        operator && (
          <Link href="/networks" tone="muted" className="text-xs">
            Grants
          </Link>
        )
      }
    >
      {networks.error ? (
        <ErrorMessage {...failure('The networks could not be read', networks.error)} />
      ) : !networks.data ? (
        <SkeletonRows rows={1} />
      ) : networks.data.length === 0 ? (
        <p className="text-sm text-ink-muted">
          None yet: its VMs can be plugged into nothing. An operator grants networks.
        </p>
      ) : (
        <ul className="flex flex-wrap gap-x-4 gap-y-1 text-sm">
          {networks.data.map(({ name, siteIds }) => (
            <li key={name}>
              {operator ? <Link href={`/networks?open=${encodeURIComponent(name)}`}>{name}</Link> : name}{' '}
              <span className="text-xs text-ink-muted">at {formatCounted(siteIds.length, 'site')}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
