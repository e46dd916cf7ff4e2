import type { MenuGroup } from '#components/ui/menu.tsx'
import type { Person } from './person-columns.tsx'
import type { PersonCommandKind } from './person-dialog.tsx'

/** What an operator can do about an account. */
export function personMenu(
  person: Person,
  myId: string | undefined,
  choose: (kind: PersonCommandKind) => void,
): MenuGroup[] {
  const isMe = person.id === myId
  const item = (kind: PersonCommandKind, label: string, disabledReason?: string | false, isDanger = false) => ({
    id: kind,
    label,
    isDanger,
    onAction: () => choose(kind),
    ...(disabledReason ? { disabledReason } : {}),
  })
  return [
    {
      id: 'role',
      items: [
        person.operator ? item('revoke-operator', 'Take the operator role…') : item('grant-operator', 'Make operator…'),
      ],
    },
    {
      id: 'sign-in',
      items: [
        item('reset-password', 'New password…', isMe && 'Change your own under Security'),
        item(
          'remove-second-factor',
          'Remove the second factor…',
          isMe ? 'Change your own under Security' : !person.twoFactorEnabled && 'There is none',
        ),
      ],
    },
    { id: 'end', items: [item('remove', 'Remove the account…', isMe && 'Another operator has to do that', true)] },
  ]
}
