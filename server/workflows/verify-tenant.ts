import { damageOf, type FoundDamage, pointIdsIn, recordDamage } from '#server/core/store-damage.ts'
import type { StoreRef } from '#server/core/verify-round.ts'
import { type Db, isDatabaseGone } from '#server/db.ts'
import { SkerryError } from '#server/errors.ts'
import { DamageError } from '#server/repository/damage.ts'
import type { Repository } from '#server/repository/repository.ts'
import type { VerifyReport, VerifyRequest } from '#server/repository/verify.ts'

/** A store of which every tenant's part is verified. */
export interface VerifiedPlace {
  readonly db: Db
  readonly store: StoreRef
  /** Everybody who has something in it, in the order in which they are read */
  tenantIds(): Promise<string[]>
  repository(tenantId: string): Promise<Repository>
  /** As rows have it: null where the store has the folder of no tenant */
  rowTenantOf(tenantId: string): string | null
  /** Has what was found until now told soon, where a verify broke off */
  tellSoon(): Promise<unknown>
}

/**
 * Verifies what a tenant has in a store and keeps what was found: by what it returns, and by the rows of what is broken.
 * @returns nothing when not even its keys could be read, which is kept as damage too
 */
export async function verifyTenant(
  place: VerifiedPlace,
  tenantId: string,
  request: Omit<VerifyRequest, 'expected'>,
): Promise<VerifyReport | undefined> {
  const expected = await pointIdsIn(place.db, scopeOf(place, tenantId))
  let repository: Repository
  try {
    repository = await place.repository(tenantId)
  } catch (error) {
    await keep(place, tenantId, [unopenable(error, expected)])
    return undefined
  }
  const report = await repository.verify({ ...request, expected })
  await keep(place, tenantId, report.damage)
  // A key that had lost one of its copies has two again.
  if (report.damage.some(({ what }) => what === 'key')) {
    await keep(place, tenantId, (await repository.verify({ mostBytes: 0, expected })).damage)
  }
  return report
}

/** Whether what was broken is still so: what came since may have stored it anew. Reads no packs. */
export async function lookAtDamage(place: VerifiedPlace, tenantId: string): Promise<void> {
  const rowTenantId = place.rowTenantOf(tenantId)
  const open = { ...damageOf(place.store), tenantId: rowTenantId, healedAt: null }
  const isOpen = (await place.db.storeDamage.count({ where: open })) > 0
  const repository = await place.repository(tenantId).catch(() => undefined)
  if (!isOpen && !(await repository?.hasDamage())) return
  await verifyTenant(place, tenantId, { mostBytes: 0 })
}

const scopeOf = ({ store, rowTenantOf }: VerifiedPlace, tenantId: string) => ({
  ...{ store, tenantId: rowTenantOf(tenantId) },
})

async function keep(place: VerifiedPlace, tenantId: string, found: readonly FoundDamage[]) {
  await place.db.$transaction(
    async (tx) => {
      const scope = scopeOf(place, tenantId)
      // One that was removed meanwhile is not gone.
      const there = new Set(await pointIdsIn(tx, scope))
      const still = found.filter(
        ({ what, hurts }) => what !== 'manifest' || hurts.some(({ recoveryPointId }) => there.has(recoveryPointId)),
      )
      await recordDamage(tx, scope, still, new Date())
    },
    { timeout: 60_000 },
  )
}

/** @throws what says nothing of the tenant's own objects */
function unopenable(error: unknown, ids: readonly string[]): FoundDamage {
  const isDamage = error instanceof DamageError || (error instanceof SkerryError && error.code === 'forbidden')
  if (!isDamage || isDatabaseGone(error)) throw error
  const hurts = ids.map((recoveryPointId) => ({ recoveryPointId, disk: '', chunkCount: 0, chunkIndexes: [] }))
  const objectKey = error instanceof DamageError ? error.objectKey : undefined
  return { what: 'key', objectKey, chunkId: undefined, reason: error.message, hurts }
}
