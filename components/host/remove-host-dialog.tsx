'use client'

import { useMutation } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { toast } from 'sonner'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { formatCounted } from '#components/ui/format.ts'

export interface RemoveHostDialogProps {
  host: { id: string; name: string }
  vms: number
  onClose: () => void
}

/** Forgets a host. The machine and its VMs go on; only what Skerry knows of them goes. */
export function RemoveHostDialog({ host, vms, onClose }: RemoveHostDialogProps) {
  const trpc = useTRPC()
  const router = useRouter()
  const [idempotencyKey] = useState(() => crypto.randomUUID())
  const remove = useMutation(
    trpc.host.remove.mutationOptions({
      onSuccess: () => {
        toast.success(`${host.name} is being removed`)
        onClose()
        router.push('/hosts')
      },
    }),
  )
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Remove ${host.name}?`}
      confirmLabel="Remove"
      typedName={host.name}
      goesWith={
        vms > 0
          ? [
              { label: formatCounted(vms, 'VM'), detail: 'go on running, unseen' },
              { label: 'Tags, notes and history of its VMs' },
            ]
          : []
      }
      isPending={remove.isPending}
      onConfirm={() => remove.mutate({ id: host.id, idempotencyKey })}
      {...(remove.error ? { error: failure('The host was not removed', remove.error) } : {})}
    >
      <p>
        Skerry forgets the host and its credential. Nothing is changed on the machine itself; it can be added again.
      </p>
    </ConfirmDialog>
  )
}
