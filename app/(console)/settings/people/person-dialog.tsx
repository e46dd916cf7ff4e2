'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { SecretDialog } from '../secret-dialog.tsx'
import type { Person } from './person-columns.tsx'

export type PersonCommandKind =
  | 'grant-operator'
  | 'revoke-operator'
  | 'reset-password'
  | 'remove-second-factor'
  | 'remove'

export interface PersonCommand {
  kind: PersonCommandKind
  person: Person
}

const words: Record<PersonCommandKind, { title: (name: string) => string; text: string; confirm: string }> = {
  'grant-operator': {
    title: (name) => `Make ${name} operator?`,
    text: 'An operator sees and may change everything: every site, host, tenant and account.',
    confirm: 'Make operator',
  },
  'revoke-operator': {
    title: (name) => `Take the operator role from ${name}?`,
    text: 'What is left are the roles in tenants. Running operations go on.',
    confirm: 'Take it away',
  },
  'reset-password': {
    title: (name) => `A new password for ${name}?`,
    text: 'The present one stops working, and every session ends. The new one is shown to you once, to pass on.',
    confirm: 'Make a new password',
  },
  'remove-second-factor': {
    title: (name) => `Remove the second factor of ${name}?`,
    text: 'For somebody who lost both the authenticator and the backup codes. The password alone signs in then; every session ends.',
    confirm: 'Remove',
  },
  remove: {
    title: (name) => `Remove the account of ${name}?`,
    text: 'What this person did stays in the audit.',
    confirm: 'Remove',
  },
}

/** Asks before an account changes, and shows a new password once. */
export function PersonDialog({ kind, person, onClose }: PersonCommand & { onClose: () => void }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const reread = () => client.invalidateQueries({ queryKey: trpc.user.list.pathKey() })
  const done = {
    onSuccess: async () => {
      await reread()
      onClose()
    },
  }
  const grant = useMutation(trpc.user.grantOperator.mutationOptions(done))
  const revoke = useMutation(trpc.user.revokeOperator.mutationOptions(done))
  const removeFactor = useMutation(trpc.user.removeSecondFactor.mutationOptions(done))
  const remove = useMutation(trpc.user.remove.mutationOptions(done))
  const reset = useMutation(trpc.user.resetPassword.mutationOptions({ onSuccess: reread }))
  const mutation = {
    'grant-operator': grant,
    'revoke-operator': revoke,
    'remove-second-factor': removeFactor,
    'reset-password': reset,
    remove,
  }[kind]
  if (reset.data) {
    return (
      <SecretDialog
        title={`The new password of ${person.name}`}
        description="Pass it on and have it changed under Settings, Security. It is shown only now."
        label="password"
        secret={reset.data.password}
        onClose={onClose}
      />
    )
  }
  const { title, text, confirm } = words[kind]
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={onClose}
      title={title(person.name)}
      confirmLabel={confirm}
      tone={kind === 'grant-operator' ? 'primary' : 'danger'}
      onConfirm={() => mutation.mutate({ userId: person.id })}
      isPending={mutation.isPending}
      {...(kind === 'remove' ? { typedName: person.email, goesWith: goesWith(person) } : {})}
      {...(mutation.error ? { error: failure('That was refused', mutation.error) } : {})}
    >
      <p>{text}</p>
    </ConfirmDialog>
  )
}

const goesWith = (person: Person) => [
  { label: 'Sessions, passkeys and API keys', detail: 'all of them' },
  ...person.memberships.map(({ tenant, role }) => ({ label: `Membership of ${tenant.name}`, detail: role })),
]
