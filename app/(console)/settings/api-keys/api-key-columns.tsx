import type { Outputs } from '#components/trpc/client.tsx'
import type { DataColumn } from '#components/ui/data-table-column.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import type { SortValue } from '#components/ui/use-sorted-rows.ts'

export type ApiKey = Outputs['apiKey']['list'][number]

export const apiKeySort: Readonly<Record<string, SortValue<ApiKey>>> = {
  name: (key) => key.name,
  used: (key) => key.lastUsedAt?.getTime(),
  expires: (key) => key.expiresAt?.getTime(),
  created: (key) => key.createdAt.getTime(),
}

/** `tenants` are names by id; a key of a tenant that is gone shows the id. */
export const apiKeyColumns = (tenants: ReadonlyMap<string, string>): DataColumn<ApiKey>[] => [
  { id: 'name', header: 'Name', isSortable: true, widthPx: 160, grow: 2, cell: (key) => key.name },
  { id: 'start', header: 'Begins with', isMono: true, widthPx: 116, cell: (key) => `${key.start} …` },
  {
    id: 'scope',
    header: 'Reaches',
    widthPx: 150,
    grow: 1,
    cell: (key) =>
      key.tenantId ? (
        (tenants.get(key.tenantId) ?? key.tenantId)
      ) : (
        <span className="text-ink-muted">All that I may</span>
      ),
  },
  { id: 'rights', header: 'May', widthPx: 124, cell: (key) => (key.readOnly ? 'Read only' : 'Read and change') },
  {
    id: 'used',
    header: 'Last used',
    isSortable: true,
    widthPx: 110,
    cell: (key) =>
      key.lastUsedAt ? <RelativeTime at={key.lastUsedAt} /> : <span className="text-ink-faint">never</span>,
  },
  {
    id: 'expires',
    header: 'Expires',
    isSortable: true,
    widthPx: 110,
    cell: (key) => {
      if (!key.expiresAt) return <span className="text-ink-faint">never</span>
      if (key.expiresAt.getTime() < Date.now()) return <StateBadge state="failed" label="Expired" variant="plain" />
      return <RelativeTime at={key.expiresAt} />
    },
  },
  {
    id: 'created',
    header: 'Created',
    isSortable: true,
    widthPx: 110,
    cell: (key) => <RelativeTime at={key.createdAt} />,
  },
]
