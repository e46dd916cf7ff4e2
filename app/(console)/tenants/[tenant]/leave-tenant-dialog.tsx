'use client'

import { useMutation } from '@tanstack/react-query'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'

/** Leaving by oneself; coming back takes an invitation. */
export function LeaveTenantDialog(props: { tenant: { id: string; name: string }; onClose: () => void }) {
  const { tenant, onClose } = props
  const leave = useMutation(
    useTRPC().member.leave.mutationOptions({
      // A full load: what this person may see is another now.
      onSuccess: () => window.location.assign('/'),
    }),
  )
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Leave ${tenant.name}?`}
      confirmLabel="Leave"
      isPending={leave.isPending}
      onConfirm={() => leave.mutate({ tenantId: tenant.id })}
      {...(leave.error ? { error: failure('You are still a member', leave.error) } : {})}
    >
      <p>You no longer see its VMs. To come back you need an invitation.</p>
    </ConfirmDialog>
  )
}
