'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure, fieldError } from '#components/trpc/failure.ts'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormDialog } from '#components/ui/form-dialog.tsx'
import { TextField } from '#components/ui/text-field.tsx'

interface TenantDialogProps {
  tenant: { id: string; name: string }
  onClose: () => void
}

function useReread() {
  const trpc = useTRPC()
  const client = useQueryClient()
  return () => {
    for (const key of [trpc.tenant.pathKey(), trpc.fleet.pathKey()]) void client.invalidateQueries({ queryKey: key })
  }
}

export function RenameTenantDialog({ tenant, onClose }: TenantDialogProps) {
  const reread = useReread()
  const [name, setName] = useState(tenant.name)
  const rename = useMutation(
    useTRPC().tenant.rename.mutationOptions({
      onSuccess: () => {
        reread()
        onClose()
      },
    }),
  )
  const nameError = fieldError(rename.error, 'name')
  return (
    <FormDialog
      title={`Rename ${tenant.name}`}
      size="sm"
      submitLabel="Rename"
      isPending={rename.isPending}
      isIncomplete={!name.trim() || name === tenant.name}
      onSubmit={() => rename.mutate({ tenantId: tenant.id, name })}
      onClose={onClose}
    >
      <TextField label="Name" value={name} onChange={setName} autoFocus maxLength={80} error={nameError} />
      {rename.error && !nameError && <ErrorMessage {...failure('The tenant was not renamed', rename.error)} />}
    </FormDialog>
  )
}

/** Only a tenant without VMs can go. */
export function DeleteTenantDialog({ tenant, onClose }: TenantDialogProps) {
  const router = useRouter()
  const reread = useReread()
  const remove = useMutation(
    useTRPC().tenant.delete.mutationOptions({
      onSuccess: () => {
        router.push('/tenants')
        reread()
      },
    }),
  )
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Delete ${tenant.name}?`}
      confirmLabel="Delete"
      typedName={tenant.name}
      goesWith={[{ label: 'Memberships and open invitations' }, { label: 'Quota' }]}
      isPending={remove.isPending}
      onConfirm={() => remove.mutate({ tenantId: tenant.id })}
      {...(remove.error ? { error: failure('The tenant was not deleted', remove.error) } : {})}
    >
      <p>It must have no VMs any more. Accounts of its members and its audit stay.</p>
    </ConfirmDialog>
  )
}
