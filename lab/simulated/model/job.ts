import type { TypedParamsInput } from '#server/libvirt/protocol.ts'

/** Work on a VM that lasts. */
export interface Job {
  /** libvirt's statistics of it now. */
  readings(): TypedParamsInput
  /** Asks it to end. @throws Refusal when it can't */
  abort(): void
}

export interface JobRecord {
  /** How it ended: one of `jobType`. */
  type: number
  params: TypedParamsInput
}

/** What a job is for, as its statistics say. */
export const jobOperation = { migrationIn: 4, migrationOut: 5 } as const
