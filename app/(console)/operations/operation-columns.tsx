import { outcomeText } from '#components/operation/operation-result.ts'
import {
  foundBad,
  operationLook,
  operationPhase,
  operationShare,
  operationTarget,
  operationWord,
} from '#components/operation/operation-words.ts'
import { cx } from '#components/ui/class-name.ts'
import type { DataColumn } from '#components/ui/data-table-column.ts'
import { formatPercent } from '#components/ui/format.ts'
import { ProgressBar } from '#components/ui/progress-bar.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { isLive, type OperationRow } from '#server/schema/operation.ts'

export const operationName = (operation: OperationRow) => `${operationWord(operation)} ${operationTarget(operation)}`

export const operationColumns: DataColumn<OperationRow>[] = [
  {
    id: 'name',
    header: 'Operation',
    widthPx: 220,
    grow: 2,
    cell: (operation) => <span className="truncate">{operationName(operation)}</span>,
  },
  {
    id: 'state',
    header: 'State',
    widthPx: 110,
    cell: (operation) => {
      const { look, word } = operationLook(operation)
      return <StateBadge state={look} label={word} variant="plain" />
    },
  },
  { id: 'outcome', header: 'How far', widthPx: 300, grow: 3, cell: (operation) => <HowFar operation={operation} /> },
  {
    id: 'actor',
    header: 'By',
    widthPx: 140,
    grow: 1,
    cell: (operation) => <span className="truncate">{operation.actorName}</span>,
  },
  {
    id: 'began',
    header: 'Asked for',
    widthPx: 108,
    cell: (operation) => <RelativeTime at={operation.createdAt} />,
  },
]

function HowFar({ operation }: { operation: OperationRow }) {
  if (!isLive(operation.state)) {
    const text = operation.error?.message ?? outcomeText(operation)
    const isBad = operation.error !== null || foundBad(operation)
    return (
      <span className={cx('truncate text-xs', isBad ? 'text-failed' : 'text-ink-muted')} title={text}>
        {text}
      </span>
    )
  }
  const share = operationShare(operation)
  const { look } = operationLook(operation)
  return (
    <span className="flex w-full min-w-0 items-center gap-2 text-xs">
      <ProgressBar
        label={operationName(operation)}
        share={share}
        state={look === 'migrating' || look === 'degraded' ? look : 'changing'}
        isCompact
        className="w-24 shrink-0"
      />
      {share !== null && <span className="shrink-0">{formatPercent(share)}</span>}
      <span className="truncate text-ink-muted">{operationPhase(operation)}</span>
    </span>
  )
}
