'use client'

import { useState } from 'react'
import { NumberField } from '#components/ui/number-field.tsx'
import { Select } from '#components/ui/select.tsx'

const units = [
  { id: 'MiB', label: 'MiB', sizeBytes: 2 ** 20 },
  { id: 'GiB', label: 'GiB', sizeBytes: 2 ** 30 },
  { id: 'TiB', label: 'TiB', sizeBytes: 2 ** 40 },
] as const
type UnitId = (typeof units)[number]['id']

const unitFor = (sizeBytes: number): UnitId =>
  units.findLast((unit) => sizeBytes >= unit.sizeBytes && sizeBytes % (unit.sizeBytes / 4) === 0)?.id ?? 'MiB'

export interface SizeFieldProps {
  label: string
  isLabelHidden?: boolean
  valueBytes: number
  /** Always a multiple of 1 MiB */
  onChange: (sizeBytes: number) => void
  description?: string
  error?: string
  isDisabled?: boolean
  className?: string
}

/** A size in bytes, typed as a number with a unit. */
export function SizeField(props: SizeFieldProps) {
  const [unitId, setUnitId] = useState<UnitId>(() => unitFor(props.valueBytes))
  const unit = units.find((each) => each.id === unitId) ?? units[0]
  return (
    <div className={props.className}>
      <div className="grid grid-cols-[minmax(0,1fr)_76px] items-start gap-1.5">
        <NumberField
          label={props.label}
          isLabelHidden={props.isLabelHidden}
          value={props.valueBytes / unit.sizeBytes}
          onChange={(count) => {
            const bytes = Math.round((count * unit.sizeBytes) / 2 ** 20) * 2 ** 20
            props.onChange(Number.isNaN(bytes) ? 0 : bytes)
          }}
          // A least value other than 0 would move what is typed off its round numbers.
          min={0}
          description={props.description}
          error={props.error}
          isDisabled={props.isDisabled}
        />
        <div className={props.isLabelHidden ? undefined : 'pt-5'}>
          <Select
            label={`Unit of ${props.label}`}
            isLabelHidden
            value={unitId}
            onChange={(id) => setUnitId(id as UnitId)}
            options={units}
            isDisabled={props.isDisabled}
          />
        </div>
      </div>
    </div>
  )
}
