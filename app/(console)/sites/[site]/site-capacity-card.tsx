'use client'

import { useQuery } from '@tanstack/react-query'
import { CapacityMeters } from '#components/site/capacity-meters.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { Card } from '#components/ui/card.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'

/** What the site's hosts have together, of those that answer. */
export function SiteCapacityCard({ siteId, hosts }: { siteId: string; hosts: number }) {
  const capacity = useQuery(useTRPC().site.capacity.queryOptions())
  const own = capacity.data?.find((row) => row.siteId === siteId)
  return (
    <Card title="Capacity">
      {capacity.error ? (
        <ErrorMessage {...failure('Capacity could not be read', capacity.error)} />
      ) : own ? (
        <CapacityMeters capacity={own} />
      ) : (
        <p className="text-sm text-ink-muted">
          {capacity.isPending ? 'Reading…' : hosts === 0 ? 'It has no hosts yet.' : 'None of its hosts answers.'}
        </p>
      )}
    </Card>
  )
}
