import type { UndoOutcome } from './attempt.ts'
import type { AnyWorkflow } from './define.ts'

/** What came of undoing: in words, and from which step on it could not be done. */
export interface WayBack {
  undone: string[]
  left: string[]
  /** For operators */
  details: string[]
  leftAt: number | null
}

/**
 * The way back, in reverse from the step that failed. An undo that fails ends it: what is left stands on the work of the
 * steps before, which therefore stays too, and is told.
 */
export async function goBack(
  workflow: AnyWorkflow,
  failedAt: number,
  attempt: (index: number, how: 'undo' | 'leave') => Promise<UndoOutcome>,
): Promise<WayBack> {
  const way: WayBack = { undone: [], left: [], details: [], leftAt: null }
  if (failedAt > workflow.noReturnIndex) return way
  for (let index = failedAt; index >= 0; index--) {
    const how = way.leftAt === null ? 'undo' : 'leave'
    if (how === 'leave' && workflow.hasUndo(index)) {
      way.left.push(`${workflow.stepNames[index]}: stays, for what is left needs it`)
    }
    if (how === 'undo' ? !workflow.hasUndo(index) : !workflow.hasLeave(index)) continue
    const { undone, left, detail } = await attempt(index, how)
    if (undone) way.undone.push(undone)
    if (detail) way.details.push(detail)
    if (!left) continue
    way.left.push(left)
    way.leftAt ??= index
  }
  return way
}
