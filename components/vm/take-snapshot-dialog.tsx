'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { ReadingDialog } from '#components/trpc/reading-dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormBody } from '#components/ui/form-dialog.tsx'
import { formatBytes, formatDuration } from '#components/ui/format.ts'
import { type RadioCard, RadioCards } from '#components/ui/radio-cards.tsx'
import { TextArea } from '#components/ui/text-area.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { whyNot } from '#components/ui/why-not.ts'
import { SnapshotName } from '#server/schema/snapshot.ts'
import { refusal } from './refusal.ts'
import { suggestedName } from './snapshot-name.ts'
import type { NamedVm } from './vm-command.tsx'

type Vm = Outputs['vm']['get']
type SnapshotPage = Outputs['snapshot']['list']

interface AskSnapshotProps {
  vm: Vm
  page: SnapshotPage
  onClose: () => void
}

/** What each kind gives, costs and risks. A VM that is off has its disks alone. */
export function snapshotCards(vm: Vm, page: SnapshotPage): RadioCard[] {
  const stands = formatDuration(Math.max(1, page.standstillSeconds))
  const whole = vm.agentConnected
    ? 'The guest agent freezes the file systems for the instant, so files are whole.'
    : 'Without a guest agent it is as if the power failed at this moment: the guest repairs its files when it starts.'
  const back = page.externalRevert === true ? '' : ` ${page.externalRevert}`
  return [
    {
      id: 'memory',
      title: 'With memory',
      aside: `≈ ${stands} of standstill`,
      description: `You can go back to this very moment, with all programs running. The VM stands still while ${formatBytes(Number(vm.memoryBytes))} of memory are saved, and its disk grows by as much at most.`,
      disabledReason: whyNot(page.canHold.memory),
    },
    {
      id: 'disks',
      title: 'Disks alone',
      aside: 'at once',
      description: `The VM does not notice; going back starts it anew. ${whole} Later writes go to new files, which makes the disks a little slower.${back}`,
      disabledReason: whyNot(page.canHold.disks),
    },
  ]
}

/** Asks for a snapshot of the VM as it is now. */
export function TakeSnapshotDialog({ vm: { id, name }, onClose }: { vm: NamedVm; onClose: () => void }) {
  const trpc = useTRPC()
  const vm = useQuery(trpc.vm.get.queryOptions({ id }))
  const page = useQuery(trpc.snapshot.list.queryOptions({ vmId: id }))
  return (
    <ReadingDialog title={`Take a snapshot of ${name}`} query={vm.data ? page : vm} onClose={onClose}>
      {vm.data && page.data && <AskSnapshot vm={vm.data} page={page.data} onClose={onClose} />}
    </ReadingDialog>
  )
}

function AskSnapshot({ vm, page, onClose }: AskSnapshotProps) {
  const trpc = useTRPC()
  const [name, setName] = useState(() => suggestedName('', page.snapshots))
  const [description, setDescription] = useState('')
  const isOff = vm.state === 'off'
  const [kind, setKind] = useState(page.canHold.memory === true ? 'memory' : 'disks')
  const { memory, disks, off } = page.canHold
  const cannot = isOff ? whyNot(off) : whyNot(memory) && whyNot(disks)
  const take = useMutation(trpc.snapshot.take.mutationOptions({ onSuccess: onClose }))
  const taken = page.snapshots.some((each) => each.name === name) ? `There is a snapshot ${name} already.` : undefined
  const problem = SnapshotName.safeParse(name).error?.issues[0]?.message ?? taken
  const error = refusal('The snapshot was not taken', take.error)
  return (
    <FormBody
      submitLabel="Take snapshot"
      isPending={take.isPending}
      disabledReason={cannot}
      isIncomplete={Boolean(problem)}
      onSubmit={() => take.mutate({ vmId: vm.id, name, description, withMemory: kind === 'memory' })}
      onClose={onClose}
    >
      <TextField label="Name" value={name} onChange={setName} isMono autoFocus maxLength={63} error={problem} />
      <TextArea
        label="Description"
        value={description}
        onChange={setDescription}
        rows={2}
        description="Why it was taken: whoever goes back will want to know."
      />
      {isOff ? (
        <p className="text-sm text-ink-muted">
          The VM is off, so the snapshot holds its disks as they are. It takes a moment and hardly any space until
          something is written.
        </p>
      ) : (
        <RadioCards label="What it holds" cards={snapshotCards(vm, page)} value={kind} onChange={setKind} />
      )}
      {error && <ErrorMessage {...error} />}
    </FormBody>
  )
}
