'use client'

import { Plus, Trash2 } from 'lucide-react'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { NumberField } from '#components/ui/number-field.tsx'
import { SizeField } from '#components/vm/size-field.tsx'
import type { Template } from './create-draft.ts'
import type { CreatePartProps } from './create-part.ts'

const maxDisks = 16

/** vCPUs, memory and disks. */
export function CreateSize(props: CreatePartProps & { template: Template | undefined }) {
  const { draft, onChange, problems, template } = props
  const key = Math.max(0, ...draft.disks.map((disk) => disk.key)) + 1
  return (
    <Card title="Size">
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <NumberField
          label="vCPUs"
          value={draft.vcpuCount}
          onChange={(vcpuCount) => onChange({ ...draft, vcpuCount })}
          min={1}
          max={256}
          error={problems.vcpuCount}
        />
        <SizeField
          key={`memory ${draft.templateId}`}
          label="Memory"
          valueBytes={draft.memoryBytes}
          onChange={(memoryBytes) => onChange({ ...draft, memoryBytes })}
          error={problems.memoryBytes}
        />
        <div className="flex flex-col gap-2 sm:col-span-2">
          <div className="flex items-center justify-between">
            <span className="text-xs font-medium text-ink-muted">Disks</span>
            <Button
              size="sm"
              variant="quiet"
              icon={<Plus size={13} aria-hidden="true" />}
              disabledReason={draft.disks.length >= maxDisks ? `${maxDisks} are the most` : undefined}
              onPress={() => onChange({ ...draft, disks: [...draft.disks, { key, sizeBytes: 2 ** 30 }] })}
            >
              Add a disk
            </Button>
          </div>
          <ul className="flex flex-col gap-2">
            {draft.disks.map((disk, index) => (
              <li
                key={`${disk.key} ${index === 0 ? draft.templateId : ''}`}
                className="grid grid-cols-[minmax(0,1fr)_28px] items-start gap-2 sm:grid-cols-[160px_minmax(0,1fr)_28px]"
              >
                <span className="col-span-2 text-xs text-ink-muted sm:col-span-1 sm:pt-2">
                  {index === 0 && template ? `First, with ${template.name}` : index === 0 ? 'First' : 'Blank'}
                </span>
                <SizeField
                  label={`Size of disk ${index + 1}`}
                  isLabelHidden
                  valueBytes={disk.sizeBytes}
                  onChange={(sizeBytes) =>
                    onChange({
                      ...draft,
                      disks: draft.disks.map((each) => (each.key === disk.key ? { ...each, sizeBytes } : each)),
                    })
                  }
                />
                {index > 0 && (
                  <IconButton
                    label={`Remove disk ${index + 1}`}
                    icon={<Trash2 size={14} aria-hidden="true" />}
                    onPress={() => onChange({ ...draft, disks: draft.disks.filter((each) => each.key !== disk.key) })}
                  />
                )}
              </li>
            ))}
          </ul>
          {problems.disks && <p className="text-xs text-failed">{problems.disks}</p>}
        </div>
      </div>
    </Card>
  )
}
