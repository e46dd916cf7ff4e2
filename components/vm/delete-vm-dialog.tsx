'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { usePathname, useRouter } from 'next/navigation'
import { useState } from 'react'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { ReadingDialog } from '#components/trpc/reading-dialog.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { ConfirmDialog, type GoesWith } from '#components/ui/confirm-dialog.tsx'
import { formatBytes } from '#components/ui/format.ts'
import { refusal } from './refusal.ts'

type Vm = Outputs['vm']['get']

/** Deletes a VM after its name was typed; names everything that goes with it. */
export function DeleteVmDialog({ vmId, onClose }: { vmId: string; onClose: () => void }) {
  const trpc = useTRPC()
  const router = useRouter()
  const isOnItsPage = usePathname().startsWith(`/vms/${vmId}`)
  const query = useQuery(trpc.vm.get.queryOptions({ id: vmId }))
  const vm = query.data
  const [keepDisks, setKeepDisks] = useState(false)
  const remove = useMutation(
    trpc.vm.delete.mutationOptions({
      onSuccess: () => {
        onClose()
        if (isOnItsPage) router.push('/fleet')
      },
    }),
  )
  if (!vm) return <ReadingDialog title="Delete a VM" query={query} onClose={onClose} />
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Delete ${vm.name}?`}
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
    </ConfirmDialog>
  )
}

const isOwn = (disk: Vm['disks'][number]) => disk.device === 'disk' && disk.source !== null && !disk.readOnly

function goesWith(vm: Vm, keepDisks: boolean): GoesWith[] {
  const disks = vm.disks.filter(isOwn).map((disk) => ({
    label: `Disk ${disk.target}: ${disk.volumeName ?? disk.source?.split('/').at(-1)}`,
    detail:
      Number(disk.capacityBytes) > 0
        ? `${formatBytes(Number(disk.allocationBytes))} of ${formatBytes(Number(disk.capacityBytes))} written`
        : 'size not measured yet',
  }))
  return [
    ...(keepDisks ? [] : disks),
    ...(vm.snapshotCount > 0
      ? [{ label: vm.snapshotCount === 1 ? 'One snapshot' : `${vm.snapshotCount} snapshots` }]
      : []),
    { label: 'Its definition, notes, tags and history' },
  ]
}
