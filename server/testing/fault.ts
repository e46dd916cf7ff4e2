import type { Fault } from '#server/core/scheduled-request.ts'

/** Schedules of a test ask for nothing that goes wrong inside. */
export const noFault: Fault = (error) => {
  throw error
}
