'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { ReadingDialog } from '#components/trpc/reading-dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormBody } from '#components/ui/form-dialog.tsx'
import { formatBytes } from '#components/ui/format.ts'
import { TextArea } from '#components/ui/text-area.tsx'
import { VmName } from '#server/schema/vm-action.ts'
import { refusal } from './refusal.ts'
import type { NamedVm } from './vm-command.tsx'
import { VmNameField } from './vm-name-field.tsx'

/** Makes a twin of a VM with disks of its own, and goes to its page. */
export function CloneVmDialog({ vm: { id, name }, onClose }: { vm: NamedVm; onClose: () => void }) {
  const query = useQuery(useTRPC().vm.get.queryOptions({ id }))
  const vm = query.data
  return (
    <ReadingDialog
      title={`Clone ${name}`}
      description={
        vm &&
        `A twin on ${vm.host.name} with disks, addresses and identity of its own. It stays off until you start it.`
      }
      query={query}
      onClose={onClose}
    >
      {vm && <AskClone vm={vm} onClose={onClose} />}
    </ReadingDialog>
  )
}

function AskClone({ vm, onClose }: { vm: Outputs['vm']['get']; onClose: () => void }) {
  const trpc = useTRPC()
  const router = useRouter()
  const [name, setName] = useState(`${vm.name}-copy`)
  const [notes, setNotes] = useState('')
  const clone = useMutation(
    trpc.vm.clone.mutationOptions({
      onSuccess: ({ vmId: twinId }) => {
        onClose()
        router.push(`/vms/${twinId}`)
      },
    }),
  )
  const copiedBytes = vm.disks.reduce((sum, disk) => sum + Number(disk.allocationBytes), 0)
  const error = refusal(`${vm.name} was not cloned`, clone.error)
  return (
    <FormBody
      footerNote={`Copies ${formatBytes(copiedBytes)}`}
      submitLabel="Clone"
      isPending={clone.isPending}
      isIncomplete={!VmName.safeParse(name).success}
      onSubmit={() => clone.mutate({ id: vm.id, name, notes })}
      onClose={onClose}
    >
      <VmNameField name={name} onChange={setName} />
      <TextArea label="Notes" value={notes} onChange={setNotes} rows={3} />
      {error && <ErrorMessage {...error} />}
    </FormBody>
  )
}
