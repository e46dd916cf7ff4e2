'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { ReadingDialog } from '#components/trpc/reading-dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormDialog } from '#components/ui/form-dialog.tsx'
import { formatBytes } from '#components/ui/format.ts'
import { TextArea } from '#components/ui/text-area.tsx'
import { VmName } from '#server/schema/vm-action.ts'
import { refusal } from './refusal.ts'
import { VmNameField } from './vm-name-field.tsx'

/** Makes a twin of a VM with disks of its own, and goes to its page. */
export function CloneVmDialog({ vmId, onClose }: { vmId: string; onClose: () => void }) {
  const trpc = useTRPC()
  const router = useRouter()
  const query = useQuery(trpc.vm.get.queryOptions({ id: vmId }))
  const vm = query.data
  const [typedName, setName] = useState<string>()
  const [notes, setNotes] = useState('')
  const clone = useMutation(
    trpc.vm.clone.mutationOptions({
      onSuccess: ({ vmId: twinId }) => {
        onClose()
        router.push(`/vms/${twinId}`)
      },
    }),
  )
  if (!vm) return <ReadingDialog title="Clone a VM" query={query} onClose={onClose} />
  const name = typedName ?? `${vm.name}-copy`
  const copiedBytes = vm.disks.reduce((sum, disk) => sum + Number(disk.allocationBytes), 0)
  const error = refusal(`${vm.name} was not cloned`, clone.error)
  return (
    <FormDialog
      title={`Clone ${vm.name}`}
      description={`A twin on ${vm.host.name} with disks, addresses and identity of its own. It stays off until you start it.`}
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
    </FormDialog>
  )
}
