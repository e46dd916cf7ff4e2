'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { CopyButton } from '#components/ui/copy-button.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'

export interface InvitationsProps {
  tenantId: string
  invitations: Outputs['member']['list']['invitations']
}

/** Invitations that nobody has taken yet, with their links. */
export function Invitations({ tenantId, invitations }: InvitationsProps) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const withdraw = useMutation(
    trpc.member.withdrawInvitation.mutationOptions({
      onSettled: () => client.invalidateQueries({ queryKey: trpc.member.list.queryKey({ tenantId }) }),
    }),
  )
  if (invitations.length === 0) return null
  return (
    <section aria-label="Open invitations" className="border-t border-line">
      <h3 className="px-4 pt-3 pb-1 text-xs font-medium text-ink-muted">Invited</h3>
      {withdraw.error && (
        <ErrorMessage {...failure('The invitation was not withdrawn', withdraw.error)} className="mx-4 mb-2" />
      )}
      <ul className="divide-y divide-line">
        {invitations.map((invitation) => (
          <li key={invitation.id} className="flex flex-wrap items-center gap-x-2 gap-y-1 px-4 py-2 text-sm">
            <span className="min-w-0 flex-1 basis-48">
              <span className="block truncate">{invitation.email}</span>
              <span className="text-xs text-ink-muted">
                as {invitation.role} by {invitation.inviter}, ends <RelativeTime at={invitation.expiresAt} />
              </span>
            </span>
            <CopyButton text={invitation.url} label={`invitation link of ${invitation.email}`} />
            <Button
              size="sm"
              variant="quiet"
              label={`Withdraw the invitation of ${invitation.email}`}
              isPending={withdraw.isPending && withdraw.variables.invitationId === invitation.id}
              onPress={() => withdraw.mutate({ invitationId: invitation.id })}
            >
              Withdraw
            </Button>
          </li>
        ))}
      </ul>
    </section>
  )
}
