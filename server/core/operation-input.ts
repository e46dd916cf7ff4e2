import type { Prisma } from '#prisma/generated/client.ts'
import { hiddenFields, passingFields } from '#server/schema/operation.ts'

type Input = Record<string, Prisma.InputJsonValue | null>

const fieldsOf = (input: unknown): Input => (typeof input === 'object' && input !== null ? { ...input } : {}) as Input

/** An input as those see it who may ask for the like: without what is secret. */
export function shownInput(input: unknown): Input {
  const shown = fieldsOf(input)
  for (const field of hiddenFields) delete shown[field]
  return shown
}

/** Names of what an ended operation's input had and has no more, or should not be used again. */
export function forgottenFields(input: unknown): string[] {
  const fields = fieldsOf(input)
  const forgotten = Array.isArray(fields.forgotten) ? fields.forgotten.map(String) : []
  return [...forgotten, ...passingFields.filter((field) => (fields[field] ?? null) !== null)]
}

/** The input as an ended operation keeps it: what is secret is null, and named under `forgotten`. */
export function keptInput(input: unknown): Prisma.InputJsonObject {
  const kept = fieldsOf(input)
  const forgotten = forgottenFields(input)
  for (const field of passingFields) if (field in kept) kept[field] = null
  return forgotten.length > 0 ? { ...kept, forgotten } : kept
}
