import { z } from 'zod'
import type { Outputs } from '#components/trpc/client.tsx'
import { Badge } from '#components/ui/badge.tsx'
import type { DataColumn } from '#components/ui/data-table-column.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import type { VisualState } from '#components/ui/state.ts'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { operationKinds } from '#server/schema/operation.ts'
import { type AuditNames, gistOf } from './audit-gist.ts'
import { resourceWord } from './audit-words.ts'

export type AuditRow = Outputs['audit']['list']['entries'][number]

export const outcomeLook: Record<AuditRow['outcome'], { look: VisualState; word: string }> = {
  succeeded: { look: 'running', word: 'Succeeded' },
  denied: { look: 'degraded', word: 'Denied' },
  failed: { look: 'failed', word: 'Failed' },
}

export const actorKindWord: Record<AuditRow['actorKind'], string> = {
  user: 'person',
  api_key: 'API key',
  system: 'Skerry itself',
}

/** What ended otherwise than it was asked for, where the entry is of an operation's end. */
const EndDetail = z.object({ operation: z.enum(operationKinds), state: z.enum(['failed', 'cancelled']) })
const endOf = ({ action, detail }: AuditRow) =>
  action === 'operation.end' ? EndDetail.safeParse(detail).data : undefined

export const outcomeOf = (entry: AuditRow): { look: VisualState; word: string } =>
  endOf(entry)?.state === 'cancelled' ? { look: 'degraded', word: 'Cancelled' } : outcomeLook[entry.outcome]

/** The page of what was changed, where there is one. */
export function resourceHref({ resourceKind, resourceId }: AuditRow): string | null {
  const folder = { vm: 'vms', host: 'hosts', site: 'sites', tenant: 'tenants' }[resourceKind]
  return folder && resourceId ? `/${folder}/${resourceId}` : null
}

export function auditColumns(names: AuditNames): DataColumn<AuditRow>[] {
  return [
    {
      id: 'action',
      header: 'Action',
      isMono: true,
      widthPx: 190,
      grow: 1,
      cell: (entry) => (
        <span className="truncate">
          {entry.action} <span className="text-ink-faint">{gistOf(entry, names)}</span>
        </span>
      ),
    },
    {
      id: 'resource',
      header: 'On',
      widthPx: 190,
      grow: 2,
      cell: (entry) => (
        <span className="truncate">
          {entry.resourceName ?? entry.resourceId ?? '–'}{' '}
          <span className="text-xs text-ink-faint">{resourceWord(entry.resourceKind)}</span>
        </span>
      ),
    },
    {
      id: 'actor',
      header: 'By',
      widthPx: 170,
      grow: 1,
      cell: (entry) => (
        <>
          <span className="truncate">{entry.actorName}</span>
          {entry.actorKind === 'api_key' && (
            <Badge tone="outline" className="ml-2">
              API key
            </Badge>
          )}
        </>
      ),
    },
    {
      id: 'outcome',
      header: 'Outcome',
      widthPx: 110,
      cell: (entry) => {
        const { look, word } = outcomeOf(entry)
        return <StateBadge state={look} label={word} variant="plain" />
      },
    },
    { id: 'at', header: 'When', widthPx: 108, cell: (entry) => <RelativeTime at={entry.at} /> },
    {
      id: 'tenant',
      header: 'Tenant',
      widthPx: 130,
      cell: (entry) => (
        <span className="truncate">
          {entry.tenantId ? (names.tenants.get(entry.tenantId) ?? 'a deleted tenant') : 'the fleet'}
        </span>
      ),
    },
    { id: 'origin', header: 'From address', isMono: true, widthPx: 120, cell: (entry) => entry.origin ?? '–' },
  ]
}
