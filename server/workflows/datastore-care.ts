import type { Logger } from 'pino'
import type { Datastore } from '#prisma/generated/client.ts'
import { type MeasuredShare, recordMeasure } from '#server/core/datastore-measure.ts'
import type { Db } from '#server/db.ts'
import { SkerryError } from '#server/errors.ts'
import { tryStore } from '#server/repository/store-trial.ts'
import type { DatastoreState } from '#server/schema/datastore-state.ts'
import { type DatastoreUse, datastorePlace, rowTenantOf, tenantsIn } from './datastore-tenant.ts'
import type { Repositories } from './repositories.ts'
import { lookAtDamage } from './verify-tenant.ts'

/** How often a datastore is looked at … */
const lookEveryMs = 5 * 60_000
/** … and how long one worker may take, after which another one looks too. */
const careForMs = 30 * 60_000
/** Between two measures, and so many times what the last one took: reading every manifest is work. */
const measureEveryMs = 60_000
const measureRest = 20
const dayMs = 86_400_000

export interface Care {
  db: Db
  repositories: Repositories
  log: Logger
}

/**
 * Looks after one datastore that is due: whether it can be reached, how full it is, what each tenant takes, and whether
 * what was broken is whole again. Any number of workers may do so at once.
 * @returns whether there was one
 */
export async function careForOne({ db, repositories, log }: Care, now = new Date()): Promise<boolean> {
  const row = await claim(db, now)
  if (!row) return false
  const use = { db, repositories, datastoreId: row.id }
  try {
    const isThere = await look(use)
    if (isThere && isMeasureDue(row, now)) await measure(use)
  } catch (error) {
    log.warn({ datastore: row.name, error: String(error) }, 'a datastore could not be looked after')
    // Not at once again: the next turn comes soon enough.
    const data = { stateAt: new Date(), measureNow: false }
    await db.datastore.updateMany({ where: { id: row.id }, data }).catch(() => undefined)
  } finally {
    await db.datastore.updateMany({ where: { id: row.id }, data: { careUntil: null } })
  }
  return true
}

async function claim(db: Db, now: Date): Promise<Datastore | null> {
  const [due] = await db.$queryRaw<{ id: string }[]>`
    UPDATE datastore SET care_until = ${new Date(now.getTime() + careForMs)}
    WHERE id = (
      SELECT id FROM datastore
      WHERE (care_until IS NULL OR care_until < ${now}) AND (
        state_at IS NULL OR state_at < ${new Date(now.getTime() - lookEveryMs)} OR measure_now
        OR (state_at < ${new Date(now.getTime() - measureEveryMs)} AND measure_asked_at > coalesce(measured_at, '-infinity')))
      ORDER BY measure_now DESC, state_at NULLS FIRST LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id::text`
  return due ? db.datastore.findUnique({ where: { id: due.id } }) : null
}

/** @returns whether it could be read */
async function look({ db, repositories, datastoreId }: DatastoreUse): Promise<boolean> {
  const write = (state: DatastoreState, data: object) =>
    db.datastore.updateMany({ where: { id: datastoreId }, data: { state, stateAt: new Date(), ...data } })
  const why = (error: unknown) => {
    if (!(error instanceof SkerryError)) throw error
    return { stateReason: error.message, stateWayOut: error.wayOut ?? null }
  }
  try {
    const { store, datastore } = await repositories.datastore(datastoreId)
    await datastore.assertThere()
    const room = await store.room?.()
    const sizes = room
      ? { freeBytes: BigInt(room.freeBytes), totalBytes: BigInt(room.totalBytes) }
      : { freeBytes: null, totalBytes: null }
    try {
      await tryStore(store)
      await write('healthy', { ...sizes, stateReason: null, stateWayOut: null })
    } catch (error) {
      await write('read_only', { ...sizes, ...why(error) })
    }
    return true
  } catch (error) {
    await write('unreachable', { ...why(error), measureNow: false })
    return false
  }
}

function isMeasureDue({ measuredAt, measureAskedAt, measureNow, measureTookMs }: Datastore, now: Date): boolean {
  if (measureNow || !measuredAt) return true
  const ageMs = now.getTime() - measuredAt.getTime()
  const restMs = Math.max(measureEveryMs, measureRest * (measureTookMs ?? 0))
  return ageMs > dayMs || (measureAskedAt > measuredAt && ageMs > restMs)
}

async function measure(use: DatastoreUse): Promise<void> {
  const { db, datastoreId } = use
  const where = { id: datastoreId }
  const at = new Date()
  const startedAt = performance.now()
  // What is asked for from now on is asked for again.
  await db.datastore.updateMany({ where, data: { measureNow: false, measuredAt: at } })
  const shares: MeasuredShare[] = []
  let failure: string | null = null
  for (const tenantId of await tenantsIn(use)) {
    try {
      shares.push(await measureTenant(use, tenantId))
    } catch (error) {
      if (!(error instanceof SkerryError)) throw error
      failure ??= error.message
    }
    await lookAtDamage(datastorePlace(use), tenantId)
  }
  const measureTookMs = Math.round(performance.now() - startedAt)
  await db.$transaction(
    async (tx) => {
      if (!failure) await recordMeasure(tx, datastoreId, shares, at)
      await tx.datastore.updateMany({ where, data: { measureFailure: failure, measureTookMs } })
    },
    { timeout: 60_000 },
  )
}

async function measureTenant({ repositories, datastoreId }: DatastoreUse, tenantId: string): Promise<MeasuredShare> {
  const repository = await repositories.repository(datastoreId, tenantId)
  const { recoveryPoints: points, ...sizes } = await repository.usage()
  return { tenantId: rowTenantOf(tenantId), ...sizes, points }
}
