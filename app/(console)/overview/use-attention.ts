'use client'

import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import {
  bootTestItems,
  capacityItems,
  datastoreItems,
  hostItems,
  operationItems,
  protectionItems,
  quotaItems,
  vmItems,
} from './attention.ts'
import { failedLately, troubledVms } from './overview-query.ts'

/** Everything that needs somebody's attention now, the worst first; undefined until it is known. */
export function useAttention(operator: boolean) {
  const trpc = useTRPC()
  const places = useQuery(trpc.fleet.places.queryOptions())
  const counts = useQuery(trpc.vm.counts.queryOptions({ filter: '' }))
  const vms = useQuery(trpc.vm.list.queryOptions(troubledVms))
  const operations = useQuery(trpc.operation.list.queryOptions(failedLately))
  const tenants = useQuery(trpc.tenant.list.queryOptions())
  const protection = useQuery(trpc.protection.counts.queryOptions())
  const datastores = useQuery({ ...trpc.datastore.list.queryOptions(), enabled: operator })
  const capacity = useQuery({ ...trpc.site.capacity.queryOptions(), enabled: operator })
  const error =
    places.error ??
    counts.error ??
    vms.error ??
    operations.error ??
    tenants.error ??
    protection.error ??
    datastores.error ??
    capacity.error
  const items = useMemo(() => {
    if (!places.data || !counts.data || !vms.data || !operations.data || !tenants.data) return undefined
    if (!protection.data || (operator && !(datastores.data && capacity.data))) return undefined
    const { crashed = 0, unknown = 0 } = counts.data.byState
    const all = [
      ...hostItems(places.data.hosts, operator),
      ...vmItems(vms.data.rows, { crashed, unknown }),
      ...protectionItems(protection.data.byState),
      ...bootTestItems(protection.data.byBoot),
      ...datastoreItems(datastores.data ?? []),
      ...capacityItems(places.data.sites, capacity.data ?? [], capacity.dataUpdatedAt),
      ...quotaItems(tenants.data),
      ...operationItems(operations.data.items),
    ]
    const rank = { failed: 0, unknown: 1, degraded: 2 } as Record<string, number>
    return all.toSorted((a, b) => (rank[a.look] ?? 3) - (rank[b.look] ?? 3))
  }, [
    operator,
    places.data,
    counts.data,
    vms.data,
    operations.data,
    tenants.data,
    protection.data,
    datastores.data,
    capacity.data,
    capacity.dataUpdatedAt,
  ])
  return {
    items,
    error,
    hasBackups: (protection.data?.byState.protected ?? 0) > 0,
    refetch: () =>
      [places, counts, vms, operations, tenants, protection, ...(operator ? [datastores, capacity] : [])].map((query) =>
        query.refetch(),
      ),
  }
}
