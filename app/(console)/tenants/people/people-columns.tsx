import type { Outputs } from '#components/trpc/client.tsx'
import { Badge } from '#components/ui/badge.tsx'
import type { DataColumn } from '#components/ui/data-table-column.ts'
import { Link } from '#components/ui/link.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'

export type Person = Outputs['user']['list']['people'][number]

export const peopleColumns: DataColumn<Person>[] = [
  {
    id: 'name',
    header: 'Name',
    widthPx: 180,
    grow: 1,
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
    widthPx: 200,
    grow: 1,
    cell: (person) => <span className="truncate">{person.email}</span>,
  },
  {
    id: 'tenants',
    header: 'Roles',
    widthPx: 260,
    grow: 2,
    cell: (person) =>
      person.memberships.length === 0 ? (
        <span className="text-ink-faint">{person.operator ? 'the whole fleet' : 'in no tenant'}</span>
      ) : (
        <span className="truncate">
          {person.memberships.map(({ role, tenant }, index) => (
            <span key={tenant.id}>
              {index > 0 && ', '}
              {role} of{' '}
              <Link href={`/tenants/${tenant.id}`} tone="muted">
                {tenant.name}
              </Link>
            </span>
          ))}
        </span>
      ),
  },
  {
    id: 'second-factor',
    header: 'Second factor',
    widthPx: 116,
    cell: (person) => (person.twoFactorEnabled ? 'On' : <span className="text-ink-faint">off</span>),
  },
  { id: 'created', header: 'Since', widthPx: 108, cell: (person) => <RelativeTime at={person.createdAt} /> },
]
