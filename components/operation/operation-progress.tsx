import { cx } from '#components/ui/class-name.ts'
import { formatDuration } from '#components/ui/format.ts'
import { ProgressBar } from '#components/ui/progress-bar.tsx'
import { isLive, type OperationRow } from '#server/schema/operation.ts'
import { outcomeText } from './operation-result.ts'
import {
  foundBad,
  operationLook,
  operationPhase,
  operationRate,
  operationShare,
  operationTarget,
  operationTookMs,
  operationWord,
} from './operation-words.ts'

/** Progress while it lives, the outcome once it ended. */
export function OperationProgress({ operation }: { operation: OperationRow }) {
  if (isLive(operation.state)) {
    const { look } = operationLook(operation)
    return (
      <ProgressBar
        label={`${operationWord(operation)} ${operationTarget(operation)}`}
        isLabelHidden
        share={operationShare(operation)}
        phase={operationPhase(operation)}
        rate={operationRate(operation)}
        remainingSeconds={operation.remainingMs === null ? null : operation.remainingMs / 1000}
        state={look === 'migrating' || look === 'degraded' ? look : 'changing'}
      />
    )
  }
  if (operation.error) {
    return (
      <p className="text-xs text-ink-muted">
        <span className="text-failed">{operation.error.message}</span> {operation.error.wayOut}
      </p>
    )
  }
  if (operation.state === 'cancelled') {
    const tookMs = operationTookMs(operation)
    const undone = operation.undone.length > 0 ? `Put back: ${operation.undone.join(', ')}` : 'Nothing had been changed'
    return (
      <p className="text-xs text-ink-muted">
        {undone}
        {tookMs !== null && ` · ended after ${formatDuration(tookMs / 1000)}`}
      </p>
    )
  }
  const tone = foundBad(operation) ? 'text-failed' : 'truncate text-ink-muted'
  return <p className={cx('text-xs', tone)}>{outcomeText(operation)}</p>
}
