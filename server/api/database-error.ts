import { isDatabaseGone } from '#server/db.ts'
import { conflict, type SkerryError, unavailable } from '#server/errors.ts'

/** A transaction that waited too long, or lost against another one. */
const lost = new Set(['P2028', 'P2034', '40001', '40P01', '55P03'])

/** What a failure of the database means to the asker, where it is not our own mistake. */
export function databaseError(thrown: unknown): SkerryError | undefined {
  if (isDatabaseGone(thrown)) {
    return unavailable('Skerry’s database cannot be reached.', { wayOut: 'Try again in a moment.', cause: thrown })
  }
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth += 1) {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
    if (lost.has(code)) {
      return unavailable('Skerry’s database was too busy with something else.', { wayOut: 'Try again.', cause: thrown })
    }
    if (code === 'P2002') return conflict('There is already one of that name.', 'Choose another name.')
  }
  return undefined
}
