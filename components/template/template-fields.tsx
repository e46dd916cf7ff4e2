'use client'

import { Checkbox } from '#components/ui/checkbox.tsx'
import { NumberField } from '#components/ui/number-field.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { SizeField } from '#components/vm/size-field.tsx'
import type { TemplateDraft, TemplateProblems } from './template-draft.ts'

export interface TemplateFieldsProps {
  draft: TemplateDraft
  onChange: (draft: TemplateDraft) => void
  problems: TemplateProblems
  /** Of the image, which no disk of a VM may be smaller than */
  imageBytes: number | null
}

/** What people are told of a template, and what VMs of it begin with. */
export function TemplateFields({ draft, onChange, problems, imageBytes }: TemplateFieldsProps) {
  const set = (change: Partial<TemplateDraft>) => onChange({ ...draft, ...change })
  return (
    <>
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <TextField
          label="Name"
          placeholder="Debian 12"
          value={draft.name}
          onChange={(name) => set({ name })}
          maxLength={80}
          error={problems.name}
        />
        <TextField
          label="System"
          placeholder="Linux"
          value={draft.operatingSystem}
          onChange={(operatingSystem) => set({ operatingSystem })}
          maxLength={80}
          error={problems.operatingSystem}
        />
      </div>
      <TextField
        label="Description"
        placeholder="What is on it, and what it is for"
        value={draft.description}
        onChange={(description) => set({ description })}
        maxLength={300}
        error={problems.description}
      />
      <div className="grid items-start gap-4 sm:grid-cols-[8rem_minmax(0,1fr)_minmax(0,1fr)]">
        <NumberField
          label="Default vCPUs"
          value={draft.defaultVcpus}
          onChange={(defaultVcpus) => set({ defaultVcpus })}
          min={1}
          max={256}
          error={problems.defaultVcpus}
        />
        <SizeField
          label="Least memory"
          valueBytes={draft.minMemoryBytes}
          onChange={(minMemoryBytes) => set({ minMemoryBytes })}
          error={problems.minMemoryBytes}
        />
        <SizeField
          // Another image brings another size, and with it another unit.
          key={imageBytes ?? 'none'}
          label="Least disk"
          valueBytes={draft.minDiskBytes}
          onChange={(minDiskBytes) => set({ minDiskBytes })}
          error={problems.minDiskBytes}
        />
      </div>
      <Checkbox
        isSelected={draft.cloudInit}
        onChange={(cloudInit) => set({ cloudInit })}
        description="Its system has cloud-init, which reads SSH keys, a host name and more at the first boot."
      >
        Takes cloud-init user data
      </Checkbox>
    </>
  )
}
