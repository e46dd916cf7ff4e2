import type { Outputs } from '#components/trpc/client.tsx'
import type { DataColumn } from '#components/ui/data-table-column.ts'
import { formatCount, formatUnit, type Unit } from '#components/ui/format.ts'
import { Meter } from '#components/ui/meter.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import type { SortValue } from '#components/ui/use-sorted-rows.ts'

export type TenantRow = Outputs['tenant']['list'][number]
type Kind = 'vms' | 'vcpus' | 'memoryBytes' | 'diskBytes'

const used = (tenant: TenantRow, kind: Kind) => Number(tenant.use?.[kind] ?? 0)

export const tenantSorts: Record<string, SortValue<TenantRow>> = {
  name: (tenant) => tenant.name,
  vms: (tenant) => used(tenant, 'vms'),
  vcpus: (tenant) => used(tenant, 'vcpus'),
  memoryBytes: (tenant) => used(tenant, 'memoryBytes'),
  diskBytes: (tenant) => used(tenant, 'diskBytes'),
  members: (tenant) => tenant.memberCount,
  created: (tenant) => tenant.createdAt.getTime(),
}

/** Wide enough for the longest numbers: of a number cut off another would be read. */
function quotaColumn(kind: Kind, header: string, unit: Unit): DataColumn<TenantRow> {
  return {
    id: kind,
    header,
    isSortable: true,
    widthPx: unit === 'bytes' ? 250 : 196,
    cell: (tenant) => {
      const limit = tenant.quotas[kind]
      const amount = used(tenant, kind)
      if (limit === null) return <span className="text-xs">{formatUnit(amount, unit)}, no limit</span>
      return (
        <>
          <Meter
            label={`${header} of ${tenant.name}`}
            used={amount}
            limit={Number(limit)}
            unit={unit}
            isCompact
            className="shrink-0"
          />
          <span className="ml-2 text-xs text-ink-faint">
            {formatUnit(amount, unit)} of {formatUnit(Number(limit), unit)}
          </span>
        </>
      )
    },
  }
}

export const tenantColumns: DataColumn<TenantRow>[] = [
  { id: 'name', header: 'Name', isSortable: true, widthPx: 140, grow: 2, cell: (tenant) => tenant.name },
  quotaColumn('vms', 'VMs', 'count'),
  quotaColumn('vcpus', 'vCPUs', 'count'),
  quotaColumn('memoryBytes', 'Memory', 'bytes'),
  quotaColumn('diskBytes', 'Disk', 'bytes'),
  {
    id: 'members',
    header: 'Members',
    isSortable: true,
    align: 'end',
    widthPx: 92,
    cell: (tenant) => formatCount(tenant.memberCount),
  },
  {
    id: 'created',
    header: 'Created',
    isSortable: true,
    widthPx: 108,
    cell: (tenant) => <RelativeTime at={tenant.createdAt} />,
  },
]
