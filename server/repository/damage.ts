import { GivenUp } from '#server/errors.ts'

/** A recovery point that misses something, and where in its disks. */
export interface HurtRecoveryPoint {
  readonly recoveryPointId: string
  readonly disk: string
  readonly chunkCount: number
  /** The first few; all of them are listed by `RecoveryPoint.find`. */
  readonly chunkIndexes: readonly number[]
}

/** One thing found broken in the store. */
export interface Damage {
  readonly what: 'chunk' | 'segment' | 'pack' | 'manifest' | 'key' | 'datastore' | 'other'
  /** The object it was found in, or would be in. */
  readonly objectKey: string | undefined
  readonly chunkId: string | undefined
  readonly reason: string
  readonly hurts: readonly HurtRecoveryPoint[]
}

const heal =
  'Make a new backup of the same disks: what is still the same there is stored anew and heals this point too.'

/** Something stored can't be given back as it was; nothing wrong was given instead. */
export class DamageError extends GivenUp {
  readonly chunkId: string | undefined
  readonly objectKey: string | undefined

  constructor(message: string, details: { chunkId?: string; objectKey?: string; cause?: unknown; wayOut?: string }) {
    super('unavailable', message, { wayOut: details.wayOut ?? heal, cause: details.cause })
    this.name = 'DamageError'
    this.chunkId = details.chunkId
    this.objectKey = details.objectKey
  }
}
