import { z } from 'zod'
import type { Db } from '#server/db.ts'
import type { CopyRate } from '#server/schema/backup.ts'
import type { OperationKind } from '#server/schema/operation.ts'

/** What is reckoned with where nothing was measured. */
const assumedBytesPerSecond = 50 * 2 ** 20
/** Less says more of the beginning and the end than of what is between them. */
const leastBytes = 2 ** 20
const lastRuns = 5

const writingKinds: readonly OperationKind[] = ['restore-vm', 'restore-new-vm', 'boot-test-vm']
const Written = z.object({ writtenBytes: z.number().min(leastBytes), writeMs: z.number().positive() })

/** How fast disks of a host, or of one VM there, were written by the last restores. */
export async function writeRateOf(db: Pick<Db, 'operation'>, hostId: string, vmId?: string): Promise<CopyRate> {
  const rows = await db.operation.findMany({
    where: { hostId, ...(vmId ? { targetId: vmId } : {}), kind: { in: [...writingKinds] }, state: 'succeeded' },
    orderBy: { id: 'desc' },
    take: 20,
    select: { result: true },
  })
  const runs = rows.flatMap(({ result }) => Written.safeParse(result).data ?? []).slice(0, lastRuns)
  return rateOf(runs.map(({ writtenBytes, writeMs }) => ({ bytes: writtenBytes, ms: writeMs })))
}

/** How fast disks of VMs on a host were read by its last backups. */
export async function readRateOf(db: Db, hostId: string): Promise<CopyRate> {
  const runs = await db.recoveryPoint.findMany({
    where: { vm: { hostId }, readBytes: { gte: leastBytes } },
    orderBy: { takenAt: 'desc' },
    take: lastRuns,
    select: { readBytes: true, tookMs: true },
  })
  return rateOf(runs.map(({ readBytes, tookMs }) => ({ bytes: Number(readBytes), ms: tookMs })))
}

export function rateOf(runs: readonly { bytes: number; ms: number }[]): CopyRate {
  const bytes = runs.reduce((sum, run) => sum + run.bytes, 0)
  const ms = runs.reduce((sum, run) => sum + run.ms, 0)
  if (bytes === 0 || ms === 0) return { bytesPerSecond: assumedBytesPerSecond, isAssumed: true }
  return { bytesPerSecond: Math.round((bytes / ms) * 1000), isAssumed: false }
}
