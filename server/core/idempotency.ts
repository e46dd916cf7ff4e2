import { isDeepStrictEqual } from 'node:util'
import type { Operation } from '#prisma/generated/client.ts'
import { conflict } from '#server/errors.ts'
import type { OperationKind } from '#server/schema/operation.ts'
import type { Asker } from './operation.ts'
import { forgottenFields } from './operation-input.ts'

/** What was asked for, before the fleet decided anything about it. */
export interface Request {
  kind: OperationKind
  /** Left out for what gets its id only then */
  targetId?: string
  input: object
  /** The operation's input is a plan made of the request: it has all of its fields, and more */
  isPlanned?: boolean
  key: string | null | undefined
}

export const keyTaken = () =>
  conflict('The idempotency key stands for another request of yours.', 'Send every new request with a new key.')

/**
 * The operation that the same actor asked for with the same key; two who ask at once come here one after the other.
 * @throws conflict when that was another request
 */
export async function findEarlier({ tx, actor }: Asker, request: Request): Promise<Operation | null> {
  const { key } = request
  if (!key || !actor.id) return null
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`${actor.id} ${key}`}, 0))`
  const where = { actorId_idempotencyKey: { actorId: actor.id, idempotencyKey: key } }
  const earlier = await tx.operation.findUnique({ where })
  if (earlier && !isSame(earlier, request)) throw keyTaken()
  return earlier
}

function isSame(earlier: Operation, { kind, targetId, input, isPlanned }: Request): boolean {
  if (earlier.kind !== kind || (targetId !== undefined && earlier.targetId !== targetId)) return false
  const { forgotten: _, ...stored } = earlier.input as Record<string, unknown>
  const asked = JSON.parse(JSON.stringify(input)) as Record<string, unknown>
  // What the operation forgot when it ended can't be compared any more.
  const forgotten = forgottenFields(earlier.input).filter((field) => stored[field] === null)
  const fields = isPlanned ? Object.keys(asked) : [...new Set([...Object.keys(asked), ...Object.keys(stored)])]
  return fields.every((field) => forgotten.includes(field) || isDeepStrictEqual(asked[field], stored[field]))
}
