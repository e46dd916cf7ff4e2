'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatBytes } from '#components/ui/format.ts'
import { TextArea } from '#components/ui/text-area.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { VmName } from '#server/schema/vm-action.ts'
import { refusal } from './refusal.ts'

/** Makes a twin of a VM with disks of its own, and goes to its page. */
export function CloneVmDialog({ vmId, onClose }: { vmId: string; onClose: () => void }) {
  const trpc = useTRPC()
  const router = useRouter()
  const vm = useQuery(trpc.vm.get.queryOptions({ id: vmId })).data
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
  if (!vm) return null
  const name = typedName ?? `${vm.name}-copy`
  const problem = VmName.safeParse(name).error?.issues[0]?.message
  const copiedBytes = vm.disks.reduce((sum, disk) => sum + Number(disk.allocationBytes), 0)
  const error = refusal(`${vm.name} was not cloned`, clone.error)
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Clone ${vm.name}`}
      description={`A twin on ${vm.host.name} with disks, addresses and identity of its own. It stays off until you start it.`}
      footerNote={`Copies ${formatBytes(copiedBytes)}`}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            variant="primary"
            type="submit"
            form="clone-vm"
            isPending={clone.isPending}
            isDisabled={Boolean(problem)}
          >
            Clone
          </Button>
        </>
      }
    >
      <form
        id="clone-vm"
        onSubmit={(event) => {
          event.preventDefault()
          if (!problem) clone.mutate({ id: vm.id, name, notes })
        }}
        className="flex flex-col gap-3"
      >
        <TextField
          label="Name"
          value={name}
          onChange={setName}
          isMono
          autoFocus
          maxLength={63}
          error={problem}
          description="The guest keeps its host name until you change it there."
        />
        <TextArea label="Notes" value={notes} onChange={setNotes} rows={3} />
        {error && <ErrorMessage {...error} />}
      </form>
    </Dialog>
  )
}
