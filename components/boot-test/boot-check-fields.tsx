'use client'

import { NumberField } from '#components/ui/number-field.tsx'
import { Select } from '#components/ui/select.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { BootCheck, type BootProof, bootProofs } from '#server/schema/boot-test.ts'
import { proofLabel } from './boot-test-words.ts'

interface BootCheckFieldsProps {
  check: BootCheck
  change: (more: Partial<BootCheck>) => void
}

/** What a guest has to show in a boot test, and how long it gets; cells of the caller's grid. */
export function BootCheckFields({ check, change }: BootCheckFieldsProps) {
  const problem = BootCheck.shape.serialText.safeParse(check.serialText).error?.issues[0]?.message
  return (
    <>
      <Select
        label="It is up when"
        value={check.proof}
        onChange={(id) => change({ proof: id as BootProof })}
        options={bootProofs.map((id) => ({ id, label: proofLabel[id] }))}
      />
      <NumberField
        label="Within"
        unit="s"
        value={check.limitSeconds}
        onChange={(limitSeconds) => change({ limitSeconds })}
        min={20}
        max={1800}
        step={10}
      />
      {check.proof !== 'agent' && (
        <TextField
          label="The console prints"
          value={check.serialText}
          onChange={(serialText) => change({ serialText })}
          isMono
          maxLength={200}
          error={problem}
        />
      )}
    </>
  )
}
