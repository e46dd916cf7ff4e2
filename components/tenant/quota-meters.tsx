import { cx } from '#components/ui/class-name.ts'
import { Meter } from '#components/ui/meter.tsx'
import type { ResourceAmounts } from '#server/schema/tenant.ts'

type Limits = { [Key in keyof ResourceAmounts]: ResourceAmounts[Key] | null }

const kinds = [
  { key: 'vms', label: 'VMs', unit: 'count' },
  { key: 'vcpus', label: 'vCPUs', unit: 'count' },
  { key: 'memoryBytes', label: 'Memory', unit: 'bytes' },
  { key: 'diskBytes', label: 'Disk', unit: 'bytes' },
  { key: 'snapshots', label: 'Snapshots', unit: 'count' },
] as const

export interface QuotaMetersProps {
  use: ResourceAmounts
  quotas: Limits
  className?: string
}

/** What a tenant uses against what it may. */
export function QuotaMeters({ use, quotas, className }: QuotaMetersProps) {
  return (
    <div className={cx('grid gap-x-8 gap-y-3 sm:grid-cols-2', className)}>
      {kinds.map(({ key, label, unit }) => {
        const limit = quotas[key]
        return (
          <Meter
            key={key}
            label={label}
            unit={unit}
            used={Number(use[key])}
            limit={limit === null ? null : Number(limit)}
          />
        )
      })}
    </div>
  )
}
