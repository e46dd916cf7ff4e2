import { z } from 'zod'
import { ScheduleMoment } from './schedule.ts'

/** Who has to say that a guest is up; `any`: whoever is first, and then `login:` on the serial console will do. */
export const bootProofs = ['any', 'agent', 'serial'] as const
export type BootProof = (typeof bootProofs)[number]

/** What a guest has to show, and within which time. */
export const BootCheck = z.object({
  proof: z.enum(bootProofs).default('any'),
  /** What its serial console has to print, to the letter */
  serialText: z.string().trim().min(1, 'Give the text to wait for').max(200).default('login:'),
  limitSeconds: z.number().int().min(20).max(1800).default(180),
})
export type BootCheck = z.infer<typeof BootCheck>

export const BootTestInput = BootCheck.extend({ recoveryPointId: z.uuid() })
export type BootTestInput = z.infer<typeof BootTestInput>

/** Everything the worker needs, decided when it was asked. */
export const BootTestPlan = BootTestInput.extend({
  /** Of the throw-away VM */
  uuid: z.uuid(),
  name: z.string(),
  datastoreId: z.uuid(),
  hostId: z.uuid(),
  pool: z.string(),
  disks: z.array(z.string()).min(1),
})
export type BootTestPlan = z.infer<typeof BootTestPlan>

/** When a policy tests the newest recovery points of its VMs, and how. */
export const BootTestSchedule = ScheduleMoment.extend({
  every: z.enum(['day', 'week', 'month']),
  ...BootCheck.shape,
})
export type BootTestSchedule = z.infer<typeof BootTestSchedule>

/** So many throw-away VMs run on a host at once: tests never take what VMs need. */
export const bootTestsPerHost = 1
/** So many that people asked for wait or run of a tenant at once, for each holds memory at a host. */
export const bootTestsPerTenant = 2

export const bootOutcomes = ['running', 'proven', 'failed'] as const
export type BootOutcome = (typeof bootOutcomes)[number]

/** As the operation keeps it; the rest is in the row of the same id. */
export const BootTestResult = z.object({
  outcome: z.enum(['proven', 'failed']),
  reason: z.string().nullable(),
  restoreMs: z.number(),
  bootMs: z.number().nullable(),
})
export type BootTestResult = z.infer<typeof BootTestResult>

export const serialTailLength = 16_384
export const screenshotBytes = 4 * 2 ** 20
