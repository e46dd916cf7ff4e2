'use client'

import { Checkbox } from '#components/ui/checkbox.tsx'
import { NumberField } from '#components/ui/number-field.tsx'
import type { Quota } from '#server/schema/tenant.ts'

/** Limits as they are typed: sizes in GiB, null for unlimited. */
export interface QuotaDraft {
  vms: number | null
  vcpus: number | null
  memoryGib: number | null
  diskGib: number | null
  snapshots: number | null
}

export const unlimited: QuotaDraft = { vms: null, vcpus: null, memoryGib: null, diskGib: null, snapshots: null }
export const usualQuota: QuotaDraft = { vms: 10, vcpus: 20, memoryGib: 64, diskGib: 500, snapshots: 50 }

const gib = 2 ** 30
const toGib = (bytes: bigint | null) => (bytes === null ? null : Number(bytes) / gib)
const toBytes = (size: number | null) => (size === null ? null : BigInt(Math.round(size * gib)))

export const quotaDraft = (quotas: {
  vms: number | null
  vcpus: number | null
  memoryBytes: bigint | null
  diskBytes: bigint | null
  snapshots: number | null
}): QuotaDraft => ({
  vms: quotas.vms,
  vcpus: quotas.vcpus,
  memoryGib: toGib(quotas.memoryBytes),
  diskGib: toGib(quotas.diskBytes),
  snapshots: quotas.snapshots,
})

export const asQuota = (draft: QuotaDraft): Quota => ({
  quotaVms: draft.vms,
  quotaVcpus: draft.vcpus,
  quotaMemoryBytes: toBytes(draft.memoryGib),
  quotaDiskBytes: toBytes(draft.diskGib),
  quotaSnapshots: draft.snapshots,
})

const rows = [
  { key: 'vms', label: 'VMs' },
  { key: 'vcpus', label: 'vCPUs' },
  { key: 'memoryGib', label: 'Memory', unit: 'GiB' },
  { key: 'diskGib', label: 'Disk', unit: 'GiB' },
  { key: 'snapshots', label: 'Snapshots' },
] as const

/** A limit for each kind, or none. */
export function QuotaFields({ draft, onChange }: { draft: QuotaDraft; onChange: (draft: QuotaDraft) => void }) {
  return (
    <div className="grid gap-x-4 gap-y-3 sm:grid-cols-2">
      {rows.map(({ key, label, ...row }) => (
        <div key={key} className="flex flex-col gap-1">
          <NumberField
            label={label}
            {...('unit' in row ? { unit: row.unit, step: 0.5 } : { step: 1 })}
            min={0}
            value={draft[key] ?? Number.NaN}
            isDisabled={draft[key] === null}
            onChange={(value) => onChange({ ...draft, [key]: Number.isFinite(value) ? value : 0 })}
          />
          <Checkbox
            isSelected={draft[key] === null}
            onChange={(isUnlimited) => onChange({ ...draft, [key]: isUnlimited ? null : (usualQuota[key] ?? 0) })}
          >
            <span>
              No limit<span className="sr-only"> of {label}</span>
            </span>
          </Checkbox>
        </div>
      ))}
    </div>
  )
}
