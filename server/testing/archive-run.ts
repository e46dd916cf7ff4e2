import pino from 'pino'
import type { ArchivalPolicy } from '#prisma/generated/client.ts'
import type { Db } from '#server/db.ts'
import { archive } from '#server/workflows/archive/archive.ts'
import type { ArchiveContext } from '#server/workflows/archive/context.ts'
import { expire } from '#server/workflows/archive/expire.ts'
import { plan } from '#server/workflows/archive/plan.ts'
import type { Repositories } from '#server/workflows/repositories.ts'

/** A run of the policy, step by step, as the engine would. */
export async function runArchival(
  db: Db,
  { tenantId, repositories }: { tenantId: string; repositories: Repositories },
  { id: policyId, archiveStoreId }: ArchivalPolicy,
  options: { signal?: AbortSignal } = {},
) {
  const context = {
    ...{ db, repositories, operation: { tenantId }, input: { policyId, archiveStoreId }, memory: {} },
    ...{
      signal: options.signal ?? new AbortController().signal,
      progress: () => undefined,
      log: pino({ level: 'silent' }),
    },
  } as unknown as ArchiveContext
  const planned = await plan(context)
  const archived = await archive({ ...context, memory: planned })
  const memory = { ...planned, ...archived } as ArchiveContext['memory']
  return { ...planned, ...archived, ...(await expire({ ...context, memory })) }
}
