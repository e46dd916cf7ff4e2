'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { usePathname, useRouter } from 'next/navigation'
import { useState } from 'react'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { ReadingDialog } from '#components/trpc/reading-dialog.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { ConfirmBody, type GoesWith } from '#components/ui/confirm-dialog.tsx'
import { diskUse } from './disk-use.ts'
import { refusal } from './refusal.ts'
import type { NamedVm } from './vm-command.tsx'

type Vm = Outputs['vm']['get']

/** Deletes a VM after its name was typed; names everything that goes with it. */
export function DeleteVmDialog({ vm: { id, name }, onClose }: { vm: NamedVm; onClose: () => void }) {
  const query = useQuery(useTRPC().vm.get.queryOptions({ id }))
  return (
    <ReadingDialog title={`Delete ${name}?`} size="sm" role="alertdialog" query={query} onClose={onClose}>
      {query.data && <AskDeletion vm={query.data} onClose={onClose} />}
    </ReadingDialog>
  )
}

function AskDeletion({ vm, onClose }: { vm: Vm; onClose: () => void }) {
  const trpc = useTRPC()
  const router = useRouter()
  const isOnItsPage = usePathname().startsWith(`/vms/${vm.id}`)
  const [keepDisks, setKeepDisks] = useState(false)
  const remove = useMutation(
    trpc.vm.delete.mutationOptions({
      onSuccess: () => {
        onClose()
        if (isOnItsPage) router.push('/fleet')
      },
    }),
  )
  return (
    <ConfirmBody
      onOpenChange={(isOpen) => !isOpen && onClose()}
      confirmLabel="Delete"
      typedName={vm.name}
      goesWith={goesWith(vm, keepDisks)}
      isPending={remove.isPending}
      onConfirm={() => remove.mutate({ id: vm.id, keepDisks })}
      error={refusal(`${vm.name} was not deleted`, remove.error)}
    >
      <p>It is removed from {vm.host.name} for good. This can’t be undone.</p>
      {vm.disks.some(isOwn) && (
        <Checkbox
          isSelected={keepDisks}
          onChange={setKeepDisks}
          description="They stay in their storage pools as files that belong to no VM."
        >
          Keep its disks
        </Checkbox>
      )}
    </ConfirmBody>
  )
}

const isOwn = (disk: Vm['disks'][number]) => disk.device === 'disk' && disk.source !== null && !disk.readOnly

function goesWith(vm: Vm, keepDisks: boolean): GoesWith[] {
  const disks = vm.disks.filter(isOwn).map((disk) => ({
    label: `Disk ${disk.target}: ${disk.volumeName ?? disk.source?.split('/').at(-1)}`,
    detail: Number(disk.capacityBytes) > 0 ? diskUse(disk) : 'size not measured yet',
  }))
  return [
    ...(keepDisks ? [] : disks),
    ...(vm.snapshotCount > 0
      ? [{ label: vm.snapshotCount === 1 ? 'One snapshot' : `${vm.snapshotCount} snapshots` }]
      : []),
    { label: 'Its definition, notes, tags and history' },
  ]
}
