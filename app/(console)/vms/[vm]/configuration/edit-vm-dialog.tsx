'use client'

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { Section } from '#components/ui/card.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { NumberField } from '#components/ui/number-field.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { refusal } from '#components/vm/refusal.ts'
import { SizeField } from '#components/vm/size-field.tsx'
import type { Vm } from '../use-vm.ts'
import { EditCards } from './edit-cards.tsx'
import { EditDisks } from './edit-disks.tsx'
import { changesOf, draftOf, type EditDraft, problemOf } from './edit-draft.ts'

/** Changes what a VM is made of; says at each field when it takes effect. */
export function EditVmDialog({ vm, onClose }: { vm: Vm; onClose: () => void }) {
  const trpc = useTRPC()
  const [draft, setDraft] = useState(() => draftOf(vm))
  const [typed, setTyped] = useState('')
  const edit = useMutation(trpc.vm.edit.mutationOptions({ onSuccess: onClose }))
  const isRunning = vm.state !== 'off'
  const changes = changesOf(draft, vm)
  const problem = problemOf(draft)
  const doomed = changes?.removeDisks ?? []
  const isTyped = doomed.length === 0 || typed.trim() === vm.name
  const error = refusal(`${vm.name} was not changed`, edit.error)
  const offReason = problem ?? (changes ? undefined : 'Nothing is changed yet')
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Edit ${vm.name}`}
      description={
        isRunning
          ? 'It is running: each field says whether it takes effect now or at the next start.'
          : 'It is off: everything is in effect when it is started.'
      }
      footerNote={changes && !problem ? `${countOf(changes)} to make` : problem}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            type="submit"
            form="edit-vm"
            variant={doomed.length > 0 ? 'danger' : 'primary'}
            isPending={edit.isPending}
            disabledReason={offReason ?? (isTyped ? undefined : `Type ${vm.name} first`)}
          >
            {doomed.length > 0 ? `Save and delete ${doomed.join(', ')}` : 'Save'}
          </Button>
        </>
      }
    >
      <form
        id="edit-vm"
        onSubmit={(event) => {
          event.preventDefault()
          if (changes && !problem && isTyped) edit.mutate({ id: vm.id, ...changes })
        }}
        className="flex flex-col gap-6"
      >
        <EditCompute draft={draft} onChange={setDraft} isRunning={isRunning} />
        <EditDisks draft={draft} onChange={setDraft} isRunning={isRunning} />
        <EditCards draft={draft} onChange={setDraft} isRunning={isRunning} vm={vm} />
        {doomed.length > 0 && (
          <TextField
            label={`Type ${vm.name} to delete ${doomed.join(', ')} with all that is on it`}
            value={typed}
            onChange={setTyped}
            isMono
          />
        )}
        {error && <ErrorMessage {...error} />}
      </form>
    </Dialog>
  )
}

function EditCompute(props: { draft: EditDraft; onChange: (draft: EditDraft) => void; isRunning: boolean }) {
  const { draft, onChange, isRunning } = props
  return (
    <Section
      title="Compute"
      description={
        isRunning
          ? 'vCPUs and memory: now, up to what it was started with; more from the next start on.'
          : 'In effect when it is started.'
      }
    >
      <div className="grid items-start gap-3 sm:grid-cols-2">
        <TextField
          label="Name"
          value={draft.name}
          onChange={(name) => onChange({ ...draft, name })}
          isMono
          maxLength={63}
          isDisabled={isRunning}
          description={isRunning ? 'Shut it down to rename it.' : undefined}
          className="sm:col-span-2"
        />
        <NumberField
          label="vCPUs"
          value={draft.vcpuCount}
          onChange={(vcpuCount) => onChange({ ...draft, vcpuCount })}
          min={1}
          max={256}
        />
        <SizeField
          label="Memory"
          valueBytes={draft.memoryBytes}
          onChange={(memoryBytes) => onChange({ ...draft, memoryBytes })}
        />
        <Checkbox
          isSelected={draft.autostart}
          onChange={(autostart) => onChange({ ...draft, autostart })}
          description="Now. It is started whenever its host starts."
          className="sm:col-span-2"
        >
          Start with its host
        </Checkbox>
      </div>
    </Section>
  )
}

function countOf(changes: object): string {
  const count = Object.values(changes).reduce<number>(
    (sum, value) => sum + (Array.isArray(value) ? value.length : 1),
    0,
  )
  return count === 1 ? 'One change' : `${count} changes`
}
