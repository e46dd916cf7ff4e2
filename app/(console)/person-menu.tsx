'use client'

import { KeyRound, LogOut, Settings, UserRound } from 'lucide-react'
import { authClient } from '#components/auth/auth-client.ts'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Menu } from '#components/ui/menu.tsx'
import type { Person } from './navigation.ts'

/** Who is signed in, and the way out. */
export function PersonMenu({ person }: { person: Person }) {
  const signOut = async () => {
    await authClient.signOut()
    // A full load, so that nothing of this person stays in memory.
    window.location.assign('/login')
  }
  const role = person.operator ? 'Operator' : person.memberships.map((m) => `${m.role} of ${m.tenantName}`).join(', ')
  return (
    <Menu
      label="Your account"
      trigger={<IconButton label={`${person.name}: account`} icon={<UserRound size={15} aria-hidden="true" />} />}
      groups={[
        {
          id: 'account',
          title: `${person.name} · ${role || 'no tenant yet'}`,
          items: [
            { id: 'settings', label: 'Settings', icon: <Settings size={14} aria-hidden="true" />, href: '/settings' },
            {
              id: 'keys',
              label: 'API keys',
              icon: <KeyRound size={14} aria-hidden="true" />,
              href: '/settings/api-keys',
            },
          ],
        },
        {
          id: 'leave',
          items: [
            {
              id: 'sign-out',
              label: 'Sign out',
              icon: <LogOut size={14} aria-hidden="true" />,
              onAction: () => void signOut(),
            },
          ],
        },
      ]}
    />
  )
}
