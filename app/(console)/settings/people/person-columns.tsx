import type { Outputs } from '#components/trpc/client.tsx'
import { Badge } from '#components/ui/badge.tsx'
import type { DataColumn } from '#components/ui/data-table-column.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'

export type Person = Outputs['user']['list']['people'][number]

const none = <span className="text-ink-faint">–</span>

export const personColumns: readonly DataColumn<Person>[] = [
  {
    id: 'name',
    header: 'Name',
    widthPx: 160,
    grow: 2,
    cell: (person) => (
      <>
        <span className="truncate">{person.name}</span>
        {person.operator && (
          <Badge tone="accent" className="ml-2">
            operator
          </Badge>
        )}
      </>
    ),
  },
  {
    id: 'email',
    header: 'E-mail',
    widthPx: 190,
    grow: 2,
    cell: (person) => <span className="truncate">{person.email}</span>,
  },
  {
    id: 'tenants',
    header: 'Tenants',
    widthPx: 200,
    grow: 3,
    cell: ({ memberships }) =>
      memberships.length === 0 ? (
        none
      ) : (
        <span className="truncate">{memberships.map(({ tenant, role }) => `${tenant.name} (${role})`).join(', ')}</span>
      ),
  },
  {
    id: 'second-factor',
    header: 'Second factor',
    widthPx: 116,
    cell: (person) => (person.twoFactorEnabled ? 'On' : <span className="text-ink-faint">Off</span>),
  },
  { id: 'since', header: 'Since', widthPx: 110, cell: (person) => <RelativeTime at={person.createdAt} /> },
]
