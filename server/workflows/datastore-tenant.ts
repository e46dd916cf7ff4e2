import { type FoundDamage, recordDamage } from '#server/core/datastore-damage.ts'
import { type Db, isDatabaseGone } from '#server/db.ts'
import { SkerryError } from '#server/errors.ts'
import { DamageError } from '#server/repository/damage.ts'
import type { Repository } from '#server/repository/repository.ts'
import type { VerifyReport, VerifyRequest } from '#server/repository/verify.ts'
import { noTenantId, type Repositories } from './repositories.ts'

export interface DatastoreUse {
  db: Db
  repositories: Repositories
  datastoreId: string
}

/** As rows have it: null where the store has the folder of no tenant. */
export const rowTenantOf = (tenantId: string) => (tenantId === noTenantId ? null : tenantId)

/** Everybody who has something in the store, in the order in which they are read. */
export async function tenantsIn({ repositories, datastoreId }: DatastoreUse): Promise<string[]> {
  return (await repositories.datastore(datastoreId)).datastore.tenantIds()
}

/**
 * Verifies a tenant's backups and keeps what was found: by what it returns, and by the rows of what is broken.
 * @returns nothing when not even its keys could be read, which is kept as damage too
 */
export async function verifyTenant(
  use: DatastoreUse,
  tenantId: string,
  request: Omit<VerifyRequest, 'expected'>,
): Promise<VerifyReport | undefined> {
  const { db, repositories, datastoreId } = use
  const scope = { datastoreId, tenantId: rowTenantOf(tenantId) }
  const before = await db.recoveryPoint.findMany({ where: scope, select: { id: true } })
  let repository: Repository
  try {
    repository = await repositories.repository(datastoreId, tenantId)
  } catch (error) {
    const damage = unopenable(error, before)
    await keep(use, scope, [damage])
    return undefined
  }
  const expected = before.map(({ id }) => id)
  const report = await repository.verify({ ...request, expected })
  await keep(use, scope, report.damage)
  // A key that had lost one of its copies has two again.
  if (report.damage.some(({ what }) => what === 'key')) {
    await keep(use, scope, (await repository.verify({ mostBytes: 0, expected })).damage)
  }
  return report
}

async function keep(
  { db }: DatastoreUse,
  scope: { datastoreId: string; tenantId: string | null },
  found: readonly FoundDamage[],
) {
  await db.$transaction(
    async (tx) => {
      // One that was removed meanwhile is not gone.
      const there = new Set(
        (await tx.recoveryPoint.findMany({ where: scope, select: { id: true } })).map(({ id }) => id),
      )
      const still = found.filter(
        ({ what, hurts }) => what !== 'manifest' || hurts.some(({ recoveryPointId }) => there.has(recoveryPointId)),
      )
      await recordDamage(tx, scope, still, new Date())
    },
    { timeout: 60_000 },
  )
}

/** @throws what says nothing of the tenant's own objects */
function unopenable(error: unknown, points: readonly { id: string }[]): FoundDamage {
  const isDamage = error instanceof DamageError || (error instanceof SkerryError && error.code === 'forbidden')
  if (!isDamage || isDatabaseGone(error)) throw error
  const hurts = points.map(({ id }) => ({ recoveryPointId: id, disk: '', chunkCount: 0, chunkIndexes: [] }))
  const objectKey = error instanceof DamageError ? error.objectKey : undefined
  return { what: 'key', objectKey, chunkId: undefined, reason: error.message, hurts }
}
