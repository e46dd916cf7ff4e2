import { SkerryError } from '#server/errors.ts'

/** As everybody reads it: a day, by the clock of stores. */
export const dayOf = (until: Date) => until.toISOString().slice(0, 10)

/** The store refuses to give an object up before its time. */
export class LockedError extends SkerryError {
  readonly until: Date

  constructor(objectKey: string, storeName: string, until: Date, cause?: unknown) {
    super('conflict', `${objectKey} in the ${storeName} is locked until ${dayOf(until)}.`, {
      wayOut: 'Nobody can delete or replace it before that day.',
      cause,
    })
    this.name = 'LockedError'
    this.until = until
  }
}
