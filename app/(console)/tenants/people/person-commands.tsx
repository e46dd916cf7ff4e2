'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { OneTimeText } from '#components/tenant/one-time-text.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import type { MenuGroup } from '#components/ui/menu.tsx'
import type { Person } from './people-columns.tsx'

const commands = {
  grant: {
    title: (name: string) => `Make ${name} an operator`,
    text: 'They will see and change everything: every site, every host, every tenant.',
    confirm: 'Make operator',
  },
  revoke: {
    title: (name: string) => `Take the fleet from ${name}`,
    text: 'They keep only what their roles in tenants allow.',
    confirm: 'Take it back',
  },
  password: {
    title: (name: string) => `Give ${name} a new password`,
    text: 'Their old one stops working and all their sessions end.',
    confirm: 'Make a new password',
  },
  factor: {
    title: (name: string) => `Remove the second factor of ${name}`,
    text: 'For somebody who lost both the device and the backup codes. All their sessions end.',
    confirm: 'Remove it',
  },
  remove: {
    title: (name: string) => `Remove ${name}`,
    text: 'Their account goes with its sessions, API keys and memberships. What they did stays in the audit.',
    confirm: 'Remove the account',
  },
} as const
type Command = keyof typeof commands

/** What an operator can do with an account, and the dialogs that ask before. */
export function usePersonCommands(myUserId: string | null) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [asked, setAsked] = useState<{ command: Command; person: Person } | null>(null)
  const [password, setPassword] = useState<{ name: string; text: string } | null>(null)
  const onSuccess = () => {
    setAsked(null)
    return client.invalidateQueries({ queryKey: trpc.user.pathKey() })
  }
  const mutations = {
    grant: useMutation(trpc.user.grantOperator.mutationOptions({ onSuccess })),
    revoke: useMutation(trpc.user.revokeOperator.mutationOptions({ onSuccess })),
    factor: useMutation(trpc.user.removeSecondFactor.mutationOptions({ onSuccess })),
    remove: useMutation(trpc.user.remove.mutationOptions({ onSuccess })),
    password: useMutation(
      trpc.user.resetPassword.mutationOptions({
        onSuccess: (answer) => {
          setPassword({ name: asked?.person.name ?? '', text: answer.password })
          return onSuccess()
        },
      }),
    ),
  }
  const ask = (command: Command, person: Person) => {
    mutations[command].reset()
    setAsked({ command, person })
  }
  const groups = (person: Person): readonly MenuGroup[] => [
    {
      id: 'role',
      items: [
        person.operator
          ? { id: 'revoke', label: 'No longer operator…', onAction: () => ask('revoke', person) }
          : { id: 'grant', label: 'Make operator…', onAction: () => ask('grant', person) },
      ],
    },
    {
      id: 'access',
      items: [
        { id: 'password', label: 'New password…', onAction: () => ask('password', person) },
        {
          id: 'factor',
          label: 'Remove second factor…',
          ...(person.twoFactorEnabled
            ? { onAction: () => ask('factor', person) }
            : { disabledReason: 'They have none' }),
        },
      ],
    },
    {
      id: 'remove',
      items: [
        {
          id: 'remove',
          label: 'Remove…',
          isDanger: true,
          ...(person.id === myUserId
            ? { disabledReason: 'You can’t remove yourself' }
            : { onAction: () => ask('remove', person) }),
        },
      ],
    },
  ]
  const mutation = asked && mutations[asked.command]
  const words = asked && commands[asked.command]
  const dialogs = (
    <>
      {asked && mutation && words && (
        <ConfirmDialog
          isOpen
          onOpenChange={(isOpen) => !isOpen && setAsked(null)}
          title={words.title(asked.person.name)}
          confirmLabel={words.confirm}
          tone={asked.command === 'remove' || asked.command === 'factor' ? 'danger' : 'primary'}
          {...(asked.command === 'remove' ? { typedName: asked.person.name } : {})}
          isPending={mutation.isPending}
          onConfirm={() => mutation.mutate({ userId: asked.person.id })}
          {...(mutation.error ? { error: failure('That was not done', mutation.error) } : {})}
        >
          <p>{words.text}</p>
        </ConfirmDialog>
      )}
      {password && (
        <Dialog
          isOpen
          onOpenChange={(isOpen) => !isOpen && setPassword(null)}
          title={`New password of ${password.name}`}
          description="It is shown now and never again. Pass it on, and have it changed in Settings."
          footer={
            <Button variant="primary" onPress={() => setPassword(null)}>
              Done
            </Button>
          }
        >
          <OneTimeText label="password" text={password.text} />
        </Dialog>
      )}
    </>
  )
  return { groups, dialogs }
}
