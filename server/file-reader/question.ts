/** What web asks the process that reads files, one JSON body a request over its socket. */
import { z } from 'zod'
import { ListFilesInput, RecoveryPlace } from '#server/schema/recovery-file.ts'

/** Where the recovery point lies: web has asked the database whether the asker may see it. */
const Source = z.object({ datastoreId: z.uuid(), tenantId: z.string().nullable() })

export const questions = {
  volumes: RecoveryPlace.pick({ recoveryPointId: true, disk: true }).extend(Source.shape),
  list: ListFilesInput.extend(Source.shape),
  measure: RecoveryPlace.extend(Source.shape),
  file: RecoveryPlace.extend(Source.shape),
  archive: RecoveryPlace.extend(Source.shape),
}
export type QuestionName = keyof typeof questions
export type Question<Name extends QuestionName> = z.infer<(typeof questions)[Name]>

/** The first message of web to the process. */
export const Beginning = z.object({
  socketPath: z.string(),
  databaseUrl: z.string(),
  keys: z.string(),
  cacheFolder: z.string(),
  /** How long nobody may have asked until a recovery point is closed, and then until the process ends */
  idle: z
    .object({ pointMs: z.number(), processMs: z.number(), lookEveryMs: z.number() })
    .default({ pointMs: 3 * 60_000, processMs: 2 * 60_000, lookEveryMs: 15_000 }),
})
export type Beginning = z.input<typeof Beginning>

/** How many bytes a file has. */
export const sizeHeader = 'x-size-bytes'

export const Refusal = z.object({
  code: z.enum(['invalid', 'forbidden', 'not-found', 'conflict', 'unsupported', 'unavailable', 'internal']),
  message: z.string(),
  wayOut: z.string().optional(),
})
export type Refusal = z.infer<typeof Refusal>
