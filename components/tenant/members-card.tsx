'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { UserPlus } from 'lucide-react'
import { parseAsString, useQueryState } from 'nuqs'
import { useState } from 'react'
import { toast } from 'sonner'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { failure, pageFailure } from '#components/trpc/failure.ts'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { ObstacleDialog } from '#components/ui/obstacle-dialog.tsx'
import { Select } from '#components/ui/select.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { whyNot } from '#components/ui/why-not.ts'
import { tenantRoles } from '#server/schema/tenant.ts'
import { Invitations } from './invitations.tsx'
import { InviteDialog } from './invite-dialog.tsx'
import { roleWords } from './roles.ts'

type Member = Outputs['member']['list']['members'][number]
type Can = Outputs['member']['list']['can']

/** Who belongs to a tenant and as what; inviting, changing roles, removing for those who may. */
export function MembersCard({ tenant, myUserId }: { tenant: { id: string; name: string }; myUserId: string | null }) {
  const trpc = useTRPC()
  const members = useQuery(trpc.member.list.queryOptions({ tenantId: tenant.id }))
  const [inviting, setInviting] = useQueryState('invite', parseAsString.withDefault(''))
  const can = members.data?.can
  return (
    <Card
      title="Members"
      isFlush
      actions={
        can && (
          <Button
            size="sm"
            icon={<UserPlus size={13} aria-hidden="true" />}
            onPress={() => void setInviting('yes')}
            disabledReason={whyNot(can.invite)}
          >
            Invite
          </Button>
        )
      }
    >
      {members.error ? (
        <ErrorMessage {...pageFailure('The members could not be read', { ...members, error: members.error })} />
      ) : !members.data ? (
        <SkeletonRows rows={4} />
      ) : (
        <>
          {members.data.members.length === 0 && (
            <EmptyState title="Nobody yet">Invite its owner first: they invite the others.</EmptyState>
          )}
          <ul className="divide-y divide-line">
            {members.data.members.map((member) => (
              <MemberLine
                key={member.id}
                member={member}
                can={members.data.can}
                tenant={tenant}
                isMe={member.userId === myUserId}
              />
            ))}
          </ul>
          <Invitations tenantId={tenant.id} invitations={members.data.invitations} />
        </>
      )}
      {inviting && can?.invite === true && (
        <InviteDialog tenant={tenant} mayOwn={can.own} onClose={() => void setInviting(null)} />
      )}
      {inviting && can && can.invite !== true && (
        <ObstacleDialog title={`You can invite nobody to ${tenant.name}`} onClose={() => void setInviting(null)}>
          {can.invite}
        </ObstacleDialog>
      )}
    </Card>
  )
}

interface MemberLineProps {
  member: Member
  can: Can
  tenant: { id: string; name: string }
  isMe: boolean
}

function MemberLine({ member, can, tenant, isMe }: MemberLineProps) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [isRemoving, setRemoving] = useState(false)
  const reread = () => client.invalidateQueries({ queryKey: trpc.member.list.queryKey({ tenantId: tenant.id }) })
  const changeRole = useMutation(
    trpc.member.changeRole.mutationOptions({
      onSuccess: reread,
      onError: (error) => {
        const { message, whatToDo } = failure('', error)
        toast.error(message, { description: whatToDo })
      },
    }),
  )
  const remove = useMutation(
    trpc.member.remove.mutationOptions({
      onSuccess: () => {
        setRemoving(false)
        return reread()
      },
    }),
  )
  const ownerReason = can.own !== true ? can.own : undefined
  const isLocked = can.changeRole !== true || (member.role === 'owner' && ownerReason !== undefined)
  const removeReason = can.remove !== true ? can.remove : member.role === 'owner' ? ownerReason : undefined
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 gap-y-1 px-4 py-2 text-sm sm:grid-cols-[minmax(0,1fr)_130px_auto]">
      <span className="min-w-0">
        <span className="flex items-center gap-2 font-medium">
          <span className="truncate">{member.name}</span>
          {isMe && <Badge>you</Badge>}
          {member.twoFactorEnabled && <Badge tone="outline">2FA</Badge>}
        </span>
        <span className="block truncate text-xs text-ink-muted">{member.email}</span>
      </span>
      {isLocked ? (
        <span className="text-ink-muted" title={roleWords[tenantRoles.find((r) => r === member.role) ?? 'viewer']}>
          {member.role}
        </span>
      ) : (
        <Select
          label={`Role of ${member.name}`}
          isLabelHidden
          value={member.role}
          isDisabled={changeRole.isPending}
          onChange={(id) => {
            const role = tenantRoles.find((known) => known === id)
            if (role && role !== member.role) changeRole.mutate({ memberId: member.id, role })
          }}
          options={tenantRoles.map((id) => ({
            id,
            label: id,
            detail: roleWords[id],
            ...(id === 'owner' && ownerReason ? { disabledReason: ownerReason } : {}),
          }))}
        />
      )}
      <Button
        size="sm"
        variant="quiet"
        label={`Remove ${member.name}`}
        className="col-start-2 justify-self-end sm:col-start-auto"
        onPress={() => setRemoving(true)}
        {...(removeReason ? { disabledReason: removeReason } : {})}
      >
        Remove
      </Button>
      {isRemoving && (
        <ConfirmDialog
          isOpen
          onOpenChange={setRemoving}
          title={`Remove ${member.name} from ${tenant.name}?`}
          confirmLabel="Remove"
          isPending={remove.isPending}
          onConfirm={() => remove.mutate({ memberId: member.id })}
          {...(remove.error ? { error: failure('Nobody was removed', remove.error) } : {})}
        >
          <p>They no longer see this tenant’s VMs. What they made stays; their account stays too.</p>
        </ConfirmDialog>
      )}
    </li>
  )
}
