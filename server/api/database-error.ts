import { databaseBusy, isDatabaseBusy, isDatabaseGone } from '#server/db.ts'
import { conflict, type SkerryError, unavailable } from '#server/errors.ts'

/** What a failure of the database means to the asker, where it is not our own mistake. */
export function databaseError(thrown: unknown): SkerryError | undefined {
  if (isDatabaseGone(thrown)) {
    return unavailable('Skerry’s database cannot be reached.', { wayOut: 'Try again in a moment.', cause: thrown })
  }
  if (isDatabaseBusy(thrown)) return databaseBusy(thrown)
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth += 1) {
    if ('code' in error && error.code === 'P2002') {
      return conflict('There is already one of that name.', 'Choose another name.')
    }
  }
  return undefined
}
