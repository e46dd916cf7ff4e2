/**
 * Cleans up what an operation left behind because one of its undos failed: runs that undo and those of the steps before
 * it again, in the same order, with what the operation remembered.
 *
 * | the operation             | clean up                                                 |
 * |---------------------------|----------------------------------------------------------|
 * | left something behind     | yes; as far as it comes is kept, the rest can be repeated|
 * | left nothing, or no more  | done                                                     |
 * | made what is in use now   | refused: it is deleted like anything else                |
 *
 * There is nothing to undo about it, and it can be cancelled only until it begins.
 */
import { Prisma } from '#prisma/generated/client.ts'
import { OperationError, UndoOperationInput } from '#server/schema/operation.ts'
import { type AnyWorkflow, type BareContext, defineWorkflow, type StepContext } from './define.ts'
import { Leftover, refOf } from './record.ts'

interface Memory {
  undone: string[]
}
type Context = StepContext<UndoOperationInput, Memory>

export const undoOperation = (workflows: readonly AnyWorkflow[]): AnyWorkflow =>
  defineWorkflow<UndoOperationInput, Memory>({
    kind: 'undo-operation',
    input: UndoOperationInput,
    noReturnAfter: 'look',
    result: ({ undone }) => ({ undone }),
    steps: [
      {
        name: 'look',
        do: async (context) => {
          const left = await readLeft(context, workflows)
          if (left) await left.workflow.stillLeft(left.context)
          return undefined
        },
      },
      {
        name: 'undo',
        do: async (context) => {
          const left = await readLeft(context, workflows)
          const undone = left ? await undoRest(context, left) : []
          await close(context)
          return { undone }
        },
      },
    ],
  })

interface Left {
  workflow: AnyWorkflow
  /** The operation's own, as its undos saw it then */
  context: BareContext
  leftover: Leftover
}

async function readLeft(context: Context, workflows: readonly AnyWorkflow[]): Promise<Left | null> {
  const { operationId } = context.input
  const row = await context.db.operation.findUniqueOrThrow({ where: { id: operationId }, include: { trace: true } })
  if (!row.trace?.leftover) return null
  const workflow = workflows.find((each) => each.kind === row.kind)
  if (!workflow) throw new Error(`No workflow does ${row.kind}`)
  const leftover = Leftover.parse(row.trace.leftover)
  const own = { ...context, operation: refOf(row), input: row.input, memory: leftover.memory }
  return { workflow, context: own, leftover }
}

async function undoRest({ db, input, progress }: Context, { workflow, context, leftover }: Left): Promise<string[]> {
  const undone: string[] = []
  const where = { operationId: input.operationId }
  for (let stepIndex = leftover.stepIndex; stepIndex >= 0; stepIndex--) {
    if (!workflow.hasUndo(stepIndex)) continue
    progress({ phase: `undoing: ${workflow.stepNames[stepIndex]}` })
    // Should this undo fail, the next attempt begins with it.
    const rest: Leftover = { ...leftover, stepIndex }
    await db.operationTrace.update({ where, data: { leftover: rest as Prisma.InputJsonObject } })
    const what = await workflow.undo(stepIndex, context)
    if (what) undone.push(what)
  }
  return undone
}

/** The operation has nothing left behind any more. */
async function close({ db, input: { operationId } }: Context): Promise<void> {
  const { error } = await db.operation.findUniqueOrThrow({ where: { id: operationId }, select: { error: true } })
  const { left: _, ...rest } = OperationError.parse(error)
  await db.$transaction(async (tx) => {
    await tx.operation.update({ where: { id: operationId }, data: { error: rest } })
    await tx.operationTrace.updateMany({ where: { operationId }, data: { leftover: Prisma.DbNull } })
  })
}
