import type { ArchivalPolicy } from '#prisma/generated/client.ts'
import { notFound, SkerryError } from '#server/errors.ts'
import type { ArchivePlan } from '#server/schema/archive.ts'
import type { StepContext } from '../define.ts'
import { Cancelled } from '../pause.ts'

export interface ArchiveMemory {
  send: { id: string; datastoreId: string; bytes: number }[]
  release: { id: string; datastoreId: string }[]
  archived: number
  archivedBytes: number
  released: number
  expired: number
  /** Of what has expired: what is locked still, because others that are kept for longer share it */
  locked: { objects: number; bytes: number; until: string } | null
  /** What stayed where it was, and why */
  left: string[]
}
export type ArchiveContext = StepContext<ArchivePlan, ArchiveMemory>

/** So many recovery points are seen to in one run; the next one goes on. */
export const mostAtOnce = 500

export function tenantOf({ operation }: ArchiveContext): string {
  if (operation.tenantId === null) throw new Error('an archive belongs to a tenant')
  return operation.tenantId
}

export async function policyOf(context: ArchiveContext): Promise<ArchivalPolicy | null> {
  const { db, input } = context
  if (input.policyId === null) return null
  const policy = await db.archivalPolicy.findUnique({ where: { id: input.policyId } })
  if (policy?.tenantId !== tenantOf(context)) throw notFound('archival policy', input.policyId)
  return policy
}

export function demandGoing({ signal }: Pick<ArchiveContext, 'signal'>) {
  if (signal.aborted) throw new Cancelled()
}

export function unlessGone(error: unknown): void {
  if (!(error instanceof SkerryError && error.code === 'not-found')) throw error
}
