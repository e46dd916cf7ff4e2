'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure, fieldError } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormDialog } from '#components/ui/form-dialog.tsx'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { type TenantRole, tenantRoles } from '#server/schema/tenant.ts'
import { OneTimeText } from './one-time-text.tsx'
import { roleWords } from './roles.ts'

export interface InviteDialogProps {
  tenant: { id: string; name: string }
  /** True, or why owners can't be invited by this person */
  mayOwn: true | string
  onClose: () => void
}

/** Makes an invitation and shows its link, which the inviter passes on. */
export function InviteDialog({ tenant, mayOwn, onClose }: InviteDialogProps) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<TenantRole>('member')
  const invite = useMutation(
    trpc.member.invite.mutationOptions({
      onSuccess: () => client.invalidateQueries({ queryKey: trpc.member.list.queryKey({ tenantId: tenant.id }) }),
    }),
  )
  const emailError = fieldError(invite.error, 'email')
  if (invite.data) {
    return (
      <Dialog
        isOpen
        onOpenChange={(isOpen) => !isOpen && onClose()}
        title={`${invite.data.email} is invited`}
        description="Pass this link on: Skerry sends no mail. Whoever has it can join with that address, within a week."
        footer={
          <Button variant="primary" onPress={onClose}>
            Done
          </Button>
        }
      >
        <OneTimeText label="invitation link" text={invite.data.url} />
      </Dialog>
    )
  }
  return (
    <FormDialog
      title={`Invite to ${tenant.name}`}
      submitLabel="Make the link"
      isPending={invite.isPending}
      disabledReason={email.includes('@') ? undefined : 'Give their e-mail address'}
      onSubmit={() => invite.mutate({ tenantId: tenant.id, email, role })}
      onClose={onClose}
    >
      <TextField label="E-mail" type="email" value={email} onChange={setEmail} autoFocus error={emailError} />
      <RadioCards
        label="Role"
        columns={2}
        cards={tenantRoles.map((id) => ({
          id,
          title: id,
          description: roleWords[id],
          ...(id === 'owner' && mayOwn !== true ? { disabledReason: mayOwn } : {}),
        }))}
        value={role}
        onChange={(id) => setRole(tenantRoles.find((known) => known === id) ?? 'member')}
      />
      {invite.error && !emailError && <ErrorMessage {...failure('Nobody was invited', invite.error)} />}
    </FormDialog>
  )
}
