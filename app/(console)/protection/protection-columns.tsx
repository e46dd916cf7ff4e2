import { type ProtectionRow, protectionLook, protectionReason } from '#components/protection/protection-words.ts'
import type { DataColumn } from '#components/ui/data-table-column.ts'
import { formatCount, formatDuration } from '#components/ui/format.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'

const none = <span className="text-ink-faint">–</span>

function nextOf({ policies }: ProtectionRow): string | undefined {
  return policies.map(({ nextAt }) => nextAt).toSorted()[0]
}

export function protectionColumns(operator: boolean): DataColumn<ProtectionRow>[] {
  const columns: DataColumn<ProtectionRow>[] = [
    { id: 'name', header: 'VM', widthPx: 150, grow: 1, cell: (row) => row.name },
    {
      id: 'state',
      header: 'Protection',
      widthPx: 130,
      cell: (row) => (
        <StateBadge state={protectionLook[row.state].look} label={protectionLook[row.state].word} variant="plain" />
      ),
    },
    {
      id: 'tenant',
      header: 'Tenant',
      widthPx: 120,
      cell: (row) => <span className="truncate">{row.tenantName ?? '–'}</span>,
    },
    {
      id: 'policy',
      header: 'Policy',
      widthPx: 140,
      grow: 1,
      cell: (row) => {
        const names = row.policies.map(({ name }) => name).join(', ')
        return names ? (
          <span className="truncate" title={names}>
            {names}
          </span>
        ) : (
          none
        )
      },
    },
    {
      id: 'good',
      header: 'Last backup',
      widthPx: 120,
      cell: (row) => (row.goodAt ? <RelativeTime at={row.goodAt} /> : <span className="text-ink-faint">never</span>),
    },
    {
      id: 'points',
      header: 'Points',
      align: 'end',
      widthPx: 70,
      cell: (row) => formatCount(row.recoveryPoints),
    },
    {
      id: 'boot',
      header: 'Last proven',
      widthPx: 160,
      cell: (row) => <LastProven row={row} />,
    },
    {
      id: 'next',
      header: 'Next',
      widthPx: 110,
      cell: (row) => {
        const next = nextOf(row)
        return next ? <RelativeTime at={next} /> : none
      },
    },
    {
      id: 'reason',
      header: 'Reason',
      widthPx: 220,
      grow: 2,
      cell: (row) => {
        const reason = protectionReason(row) || (row.bootReason ?? '')
        return (
          <span className="truncate text-ink-muted" title={reason}>
            {reason}
          </span>
        )
      },
    },
  ]
  return operator ? columns : columns.filter(({ id }) => id !== 'tenant')
}

/** When its backups were last booted, and how long it took until the guest answered. */
function LastProven({ row }: { row: ProtectionRow }) {
  const proven = row.provenAt && (
    <>
      <RelativeTime at={row.provenAt} />
      {row.provenMs !== null && <span className="text-ink-muted">, {formatDuration(row.provenMs / 1000)}</span>}
    </>
  )
  return (
    <span className="flex min-w-0 items-center gap-2 truncate" title={row.bootReason ?? undefined}>
      {row.boot === 'failed' && <StateBadge state="failed" label="Failed" variant="plain" />}
      <span className="truncate">{proven ?? <span className="text-ink-faint">never</span>}</span>
    </span>
  )
}
