import type { Tx } from '#server/db.ts'

/** What a tenant takes in a datastore, as measured; sizes in bytes. */
export interface MeasuredShare {
  tenantId: string | null
  storedBytes: number
  deadBytes: number
  dedupRatio: number
  compressionRatio: number
  vms: readonly { vm: string; ownBytes: number }[]
  points: readonly {
    recoveryPointId: string
    diskBytes: number
    contentBytes: number
    uniqueBytes: number
    sharedBytes: number
  }[]
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)

/** Keeps a measure: of each tenant, of each recovery point, and of the day. */
export async function recordMeasure(
  tx: Tx,
  datastoreId: string,
  shares: readonly MeasuredShare[],
  at: Date,
): Promise<void> {
  await tx.datastoreShare.deleteMany({ where: { datastoreId } })
  await tx.datastoreShare.createMany({
    data: shares.map(({ tenantId, storedBytes, deadBytes, dedupRatio, compressionRatio, points, vms }) => ({
      ...{ datastoreId, tenantId, recoveryPoints: points.length, measuredAt: at },
      restorableBytes: BigInt(sum(points.map(({ diskBytes }) => diskBytes))),
      contentBytes: BigInt(sum(points.map(({ contentBytes }) => contentBytes))),
      ...{ storedBytes: BigInt(storedBytes), deadBytes: BigInt(deadBytes), dedupRatio, compressionRatio },
      vmBytes: Object.fromEntries(vms.map(({ vm, ownBytes }) => [vm, ownBytes])),
    })),
  })
  const points = shares.flatMap((share) => share.points)
  const rows = JSON.stringify(points.map((point) => [point.recoveryPointId, point.uniqueBytes, point.sharedBytes]))
  await tx.$executeRaw`
    UPDATE recovery_point SET unique_bytes = (row ->> 1)::bigint, shared_bytes = (row ->> 2)::bigint
    FROM jsonb_array_elements(${rows}::jsonb) AS row WHERE id = (row ->> 0)::uuid AND datastore_id = ${datastoreId}::uuid`
  const { freeBytes } = await tx.datastore.findUniqueOrThrow({
    where: { id: datastoreId },
    select: { freeBytes: true },
  })
  const day = {
    recoveryPoints: points.length,
    restorableBytes: BigInt(sum(points.map(({ diskBytes }) => diskBytes))),
    storedBytes: BigInt(sum(shares.map(({ storedBytes }) => storedBytes))),
    deadBytes: BigInt(sum(shares.map(({ deadBytes }) => deadBytes))),
    freeBytes,
  }
  const key = { datastoreId, day: new Date(at.toISOString().slice(0, 10)) }
  await tx.datastoreDay.upsert({ where: { datastoreId_day: key }, create: { ...key, ...day }, update: day })
}
