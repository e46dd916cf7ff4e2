import type { Operation } from '#prisma/generated/client.ts'
import { enqueue, type NewOperation, requestCancel } from '#server/core/operation.ts'
import { asSkerryError } from '#server/errors.ts'
import { isLive, type OperationError } from '#server/schema/operation.ts'
import type { StepContext } from './define.ts'
import { Cancelled, pause } from './pause.ts'

type Context = StepContext<unknown, object>

/** How one item of a parent came out. */
export interface ItemResult {
  id: string
  name: string
  state: 'succeeded' | 'failed' | 'cancelled'
  reason: string | null
}

const everyMs = 500

/** Enqueues a child unless it is there from an earlier run of the step. @returns why it could not, or null */
export async function enqueueChild(context: Context, wanted: NewOperation): Promise<string | null> {
  const { db, operation } = context
  const earlier = await db.operation.findFirst({
    where: { parentId: operation.id, targetId: wanted.target.id, kind: wanted.kind },
    select: { id: true },
  })
  if (earlier) return null
  try {
    const { actor, requestId } = operation
    await db.$transaction((tx) => enqueue({ tx, actor, requestId }, { ...wanted, parentId: operation.id }))
    return null
  } catch (error) {
    return asSkerryError(error).message
  }
}

/**
 * Waits for all children and reports how many are done. A cancel is passed on to those that live and waited for.
 * @throws Cancelled when all have ended after a cancel
 */
export async function awaitChildren(context: Context): Promise<ItemResult[]> {
  const { db, operation, signal } = context
  let told = false
  while (true) {
    const children = await db.operation.findMany({ where: { parentId: operation.id }, orderBy: { id: 'asc' } })
    const live = children.filter((child) => isLive(child.state))
    const done = children.length - live.length
    context.progress({ phase: `${done} of ${children.length} done`, done, total: children.length, unit: 'items' })
    if (live.length === 0) {
      if (signal.aborted) throw new Cancelled()
      return children.map(resultOf)
    }
    if (signal.aborted && !told) {
      for (const child of live) {
        await db.$transaction((tx) => requestCancel(tx, child, operation.actor)).catch(() => undefined)
      }
      told = true
    }
    // Not cut short by the cancel: the children's undos are waited for.
    await pause(everyMs)
  }
}

function resultOf(child: Operation): ItemResult {
  const error = child.error as OperationError | null
  const state = isLive(child.state) ? 'failed' : (child.state as ItemResult['state'])
  return { id: child.targetId, name: child.targetName, state, reason: error?.message ?? null }
}
