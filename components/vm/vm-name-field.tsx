'use client'

import { TextField } from '#components/ui/text-field.tsx'
import { VmName } from '#server/schema/vm-action.ts'

interface VmNameFieldProps {
  name: string
  onChange: (name: string) => void
}

/** What a VM that is made of another is called in Skerry. */
export function VmNameField({ name, onChange }: VmNameFieldProps) {
  return (
    <TextField
      label="Name"
      value={name}
      onChange={onChange}
      isMono
      autoFocus
      maxLength={63}
      error={VmName.safeParse(name).error?.issues[0]?.message}
      description="The guest keeps its host name until you change it there."
    />
  )
}
