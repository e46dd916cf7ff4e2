import { KeyRound, type LucideIcon, Monitor, Moon, Plus, Sun, UserPlus } from 'lucide-react'
import { applyTheme } from '#components/ui/theme.ts'
import type { Person } from './navigation.ts'

/** Something to do that needs no VM or host: opened at an address, or done at once. */
export interface PaletteAction {
  id: string
  label: string
  icon: LucideIcon
  /** Other words that find it */
  keywords?: readonly string[]
  href?: string
  onAction?: () => void
}

/** What this person may do; each opens the dialog of the page where it is done. */
export function actionsOf(person: Person, tenants: readonly { id: string; name: string }[]): PaletteAction[] {
  const has = (...roles: string[]) => person.operator || person.memberships.some(({ role }) => roles.includes(role))
  const administered = tenants.filter(
    ({ id }) =>
      person.operator ||
      person.memberships.some(({ tenantId, role }) => tenantId === id && (role === 'owner' || role === 'admin')),
  )
  return [
    ...(has('owner', 'admin', 'member')
      ? [{ id: 'create-vm', label: 'Create a VM', icon: Plus, keywords: ['new', 'add'], href: '/fleet/create' }]
      : []),
    ...(person.operator
      ? [
          { id: 'add-host', label: 'Add a host', icon: Plus, keywords: ['new', 'create'], href: '/hosts?add=yes' },
          {
            id: 'create-site',
            label: 'Create a site',
            icon: Plus,
            keywords: ['new', 'add'],
            href: '/sites?create=yes',
          },
          {
            id: 'create-tenant',
            label: 'Create a tenant',
            icon: Plus,
            keywords: ['new', 'add'],
            href: '/tenants?create=yes',
          },
          {
            id: 'create-person',
            label: 'Create an account',
            icon: UserPlus,
            keywords: ['new', 'add', 'user', 'person', 'people'],
            href: '/settings/people?create=yes',
          },
          {
            id: 'add-datastore',
            label: 'Add a datastore',
            icon: Plus,
            keywords: ['new', 'create'],
            href: '/datastores?add=yes',
          },
          {
            id: 'add-archive-store',
            label: 'Add an archive store',
            icon: Plus,
            keywords: ['new', 'create'],
            href: '/archive?add=store',
          },
          {
            id: 'add-template',
            label: 'Add a template',
            icon: Plus,
            keywords: ['new', 'create', 'image'],
            href: '/templates?add=yes',
          },
        ]
      : []),
    ...(has('owner', 'admin')
      ? [
          {
            id: 'create-protection-policy',
            label: 'Create a protection policy',
            icon: Plus,
            keywords: ['new', 'add', 'backup'],
            href: '/protection?policy=new',
          },
          {
            id: 'create-archival-policy',
            label: 'Create an archival policy',
            icon: Plus,
            keywords: ['new', 'add', 'archive'],
            href: `/archive?policy=new${administered[0] ? `&tenant=${administered[0].id}` : ''}`,
          },
        ]
      : []),
    ...administered.map(({ id, name }) => ({
      id: `invite ${id}`,
      label: `Invite somebody to ${name}`,
      icon: UserPlus,
      keywords: ['member', 'people', 'add'],
      href: `/tenants/${id}?invite=yes`,
    })),
    {
      id: 'create-api-key',
      label: 'Create an API key',
      icon: KeyRound,
      keywords: ['new', 'add', 'script'],
      href: '/settings/api-keys?create=yes',
    },
    { id: 'theme-light', label: 'Theme: light', icon: Sun, onAction: () => applyTheme('light') },
    { id: 'theme-dark', label: 'Theme: dark', icon: Moon, onAction: () => applyTheme('dark') },
    { id: 'theme-system', label: 'Theme: as the system', icon: Monitor, onAction: () => applyTheme('system') },
  ]
}
