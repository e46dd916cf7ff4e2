import type { ArchiveStore } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { conflict, notFound } from '#server/errors.ts'
import type { ArchiveLimits, Recall } from '#server/schema/archive.ts'
import { gbBytes } from '#server/schema/archive.ts'
import { VerifyResult, VerifyRound } from '#server/schema/datastore-state.ts'
import { locationOf } from '#server/schema/store.ts'
import { listDamages } from './store-damage-list.ts'

/** Stores with what is in them, for operators. */
export async function listArchiveStores(tx: Tx) {
  const rows = await tx.archiveStore.findMany({
    orderBy: { name: 'asc' },
    omit: { credential: true },
    include: {
      grants: { include: { tenant: { select: { name: true } } }, orderBy: { tenant: { name: 'asc' } } },
      _count: { select: { policies: true } },
    },
  })
  const sums = await tx.$queryRaw<{ id: string; tenantId: string; points: number; stored: bigint }[]>`
    SELECT archive_store_id::text AS id, tenant_id AS "tenantId", count(*)::int AS points, sum(stored_bytes)::bigint AS stored
    FROM archived_point GROUP BY archive_store_id, tenant_id`
  const damages = await Promise.all(rows.map(({ id }) => listDamages(tx, { kind: 'archive-store', id })))
  return rows.map(({ grants, _count, verifyRound, verifyResult, ...row }, at) => {
    const ofStore = sums.filter(({ id }) => id === row.id)
    const storedBytes = ofStore.reduce((sum, { stored }) => sum + Number(stored), 0)
    return {
      ...row,
      location: locationOf(row),
      round: VerifyRound.nullable().catch(null).parse(verifyRound),
      verified: VerifyResult.nullable().catch(null).parse(verifyResult),
      damages: damages[at] ?? [],
      ...{ policies: _count.policies, points: ofStore.reduce((sum, { points }) => sum + points, 0), storedBytes },
      costPerMonth: (storedBytes / gbBytes) * row.pricePerGbMonth,
      grants: grants.map(({ tenant, maxBytes, archiveStoreId: _, ...grant }) => ({
        ...grant,
        ...{ tenantName: tenant.name, maxBytes: maxBytes === null ? null : Number(maxBytes) },
        usedBytes: Number(ofStore.find(({ tenantId }) => tenantId === grant.tenantId)?.stored ?? 0),
      })),
    }
  })
}

/** What tenants are told nothing of */
const ofOperators = {
  ...({ credential: true, location: true } as const),
  ...({ verifyDays: true, verifyRound: true, verifyResult: true, nextVerifyAt: true } as const),
}

/** The stores that a tenant may use, with its limits and what it has there; no place and no secret. */
export async function listGrantedStores(tx: Tx, tenantId: string) {
  const grants = await tx.archiveGrant.findMany({
    where: { tenantId },
    orderBy: { archiveStore: { name: 'asc' } },
    include: { archiveStore: { omit: { ...ofOperators, createdAt: true } } },
  })
  const sums = await tx.archivedPoint.groupBy({
    by: ['archiveStoreId'],
    where: { tenantId },
    _sum: { storedBytes: true },
    _count: { _all: true },
  })
  return grants.map(({ archiveStore, maxBytes, minKeepDays, maxKeepDays, mayDeleteLocal }) => {
    const sum = sums.find(({ archiveStoreId }) => archiveStoreId === archiveStore.id)
    const usedBytes = Number(sum?._sum.storedBytes ?? 0)
    return {
      ...archiveStore,
      ...{ minKeepDays, maxKeepDays, mayDeleteLocal, maxBytes: maxBytes === null ? null : Number(maxBytes) },
      ...{ usedBytes, points: sum?._count._all ?? 0 },
      costPerMonth: (usedBytes / gbBytes) * archiveStore.pricePerGbMonth,
    }
  })
}

/** @throws not-found where the tenant may not use the store, as where there is none */
export async function grantOf(tx: Tx, archiveStoreId: string, tenantId: string) {
  const grant = await tx.archiveGrant.findUnique({
    where: { archiveStoreId_tenantId: { archiveStoreId, tenantId } },
    include: { archiveStore: { omit: { credential: true, location: true } } },
  })
  if (!grant) throw notFound('archive store', archiveStoreId)
  return grant
}

/** @throws conflict while the tenant's policies use it */
export async function setGrant(tx: Tx, id: string, tenantId: string, limits: ArchiveLimits | null): Promise<void> {
  const key = { archiveStoreId: id, tenantId }
  if (limits === null) {
    const policies = await tx.archivalPolicy.count({ where: key })
    if (policies > 0) {
      throw conflict(
        `${policies} of the tenant’s archival policies ${policies === 1 ? 'uses' : 'use'} it.`,
        'They must be deleted or changed first. What is archived there can be restored without the grant.',
      )
    }
    await tx.archiveGrant.deleteMany({ where: key })
    return
  }
  const { maxBytes, ...rest } = limits
  const data = { ...rest, maxBytes: maxBytes === null ? null : BigInt(maxBytes) }
  await tx.archiveGrant.upsert({ where: { archiveStoreId_tenantId: key }, create: { ...key, ...data }, update: data })
}

/** Its files stay where they are. @throws conflict while something is archived there */
export async function removeArchiveStore(tx: Tx, { id, name }: Pick<ArchiveStore, 'id' | 'name'>): Promise<void> {
  const [points, policies] = [
    await tx.archivedPoint.count({ where: { archiveStoreId: id } }),
    await tx.archivalPolicy.count({ where: { archiveStoreId: id } }),
  ]
  if (points + policies > 0) {
    throw conflict(
      `${name} holds ${points} archived recovery points, and ${policies} archival policies use it.`,
      'An archive store goes when nothing is in it and nobody uses it.',
    )
  }
  await tx.archiveStore.delete({ where: { id } })
}

/** Reading is likely to be so fast where nothing was read there yet. */
const usualBytesPerSecond = 50e6

/** How fast a store was read lately, where it was, in bytes a second. */
export async function readingRates(tx: Tx, archiveStoreIds: readonly string[]): Promise<Map<string, number>> {
  const sums = await tx.archivedPoint.groupBy({
    by: ['archiveStoreId'],
    where: { archiveStoreId: { in: [...archiveStoreIds] }, readBackMs: { gt: 0 } },
    _sum: { readBackBytes: true, readBackMs: true },
  })
  return new Map(
    sums.flatMap(({ archiveStoreId, _sum }) => {
      const [read, ms] = [Number(_sum.readBackBytes ?? 0), _sum.readBackMs ?? 0]
      // Of a few blocks it tells nothing.
      return read > 10e6 && ms > 0 ? [[archiveStoreId, (read / ms) * 1000] as const] : []
    }),
  )
}

/** What reading so much costs at the most: it is stored compressed. */
export function recallOf(
  readBytes: number,
  store: Pick<ArchiveStore, 'currency' | 'pricePerGbRead' | 'firstByteSeconds'>,
  bytesPerSecond = usualBytesPerSecond,
): Recall {
  return {
    readBytes,
    cost: (readBytes / gbBytes) * store.pricePerGbRead,
    currency: store.currency,
    seconds: store.firstByteSeconds + readBytes / bytesPerSecond,
  }
}
