import type { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import type { StoreRef } from './verify-round.ts'

/** As the repository names what it found broken. */
export interface FoundDamage {
  readonly what: string
  readonly objectKey: string | undefined
  readonly chunkId: string | undefined
  readonly reason: string
  readonly hurts: readonly {
    readonly recoveryPointId: string
    readonly disk: string
    readonly chunkCount: number
    readonly chunkIndexes: readonly number[]
  }[]
}

/** One tenant's part of a store. */
export interface DamageScope {
  store: StoreRef
  tenantId: string | null
}

/** As the rows of a store's damage name it. */
export const damageOf = ({ kind, id }: StoreRef) =>
  kind === 'datastore' ? { datastoreId: id, archiveStoreId: null } : { datastoreId: null, archiveStoreId: id }

const keyOf = (damage: { what: string; chunkId?: string | null | undefined; objectKey?: string | null | undefined }) =>
  `${damage.what} ${damage.chunkId ?? damage.objectKey ?? ''}`

/**
 * Keeps what is broken of a tenant's recovery points in a store: all of it that is known, so that what is open and not
 * among it is healed, or needed by nobody any more.
 */
export async function recordDamage(tx: Tx, scope: DamageScope, found: readonly FoundDamage[], at: Date): Promise<void> {
  // Two that look at the same at once would both write down what is new.
  const lock = `skerry.damage ${scope.store.id} ${scope.tenantId ?? ''}`
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${lock}, 0))`
  const place = { ...damageOf(scope.store), tenantId: scope.tenantId }
  const open = await tx.storeDamage.findMany({ where: { ...place, healedAt: null } })
  const openByKey = new Map(open.map((row) => [keyOf(row), row]))
  const foundByKey = new Map(found.map((damage) => [keyOf(damage), damage]))
  const isNew: Prisma.StoreDamageCreateManyInput[] = []
  for (const [key, { what, objectKey, chunkId, reason, hurts }] of foundByKey) {
    const known = openByKey.get(key)
    const data = {
      objectKey: objectKey ?? null,
      reason,
      hurts: hurts.map((hurt) => ({ ...hurt, chunkIndexes: [...hurt.chunkIndexes] })),
    }
    if (!known) isNew.push({ ...place, ...data, what, chunkId: chunkId ?? null, foundAt: at })
    else if (JSON.stringify([known.objectKey, known.reason, known.hurts]) !== JSON.stringify(Object.values(data))) {
      await tx.storeDamage.update({ where: { id: known.id }, data })
    }
  }
  await tx.storeDamage.createMany({ data: isNew })
  const healed = open.filter((row) => !foundByKey.has(keyOf(row))).map(({ id }) => id)
  await tx.storeDamage.updateMany({ where: { id: { in: healed } }, data: { healedAt: at } })
  await markHurt(booksOf(tx, scope), found, at)
}

interface PointDamage {
  chunkCount: number
  disks: string[]
  reason: string
}

/** The rows that say which recovery points of a tenant's part of a store are whole. */
interface PointBooks {
  /** Nobody removes these before this transaction ends. */
  hold(ids: readonly string[]): Promise<unknown>
  /** All of them, with what is written of them */
  read(): Promise<{ id: string; damage: Pick<PointDamage, 'chunkCount' | 'reason'> | null }[]>
  clear(ids: readonly string[]): Promise<unknown>
  write(id: string, damage: PointDamage, foundAt: Date): Promise<unknown>
}

function booksOf(tx: Tx, { store, tenantId }: DamageScope): PointBooks {
  const select = { id: true, damage: { select: { chunkCount: true, reason: true } } }
  if (store.kind === 'datastore') {
    return {
      hold: (ids) => tx.$queryRaw`SELECT FROM recovery_point WHERE id = ANY(${ids}::uuid[]) ORDER BY id FOR KEY SHARE`,
      read: () => tx.recoveryPoint.findMany({ where: { datastoreId: store.id, tenantId }, select }),
      clear: (ids) => tx.recoveryPointDamage.deleteMany({ where: { recoveryPointId: { in: [...ids] } } }),
      write: (recoveryPointId, update, foundAt) =>
        tx.recoveryPointDamage.upsert({
          ...{ where: { recoveryPointId }, update, create: { ...update, recoveryPointId, foundAt } },
        }),
    }
  }
  const archiveStoreId = store.id
  return {
    hold: (ids) =>
      tx.$queryRaw`SELECT FROM archived_point WHERE archive_store_id = ${archiveStoreId}::uuid AND id = ANY(${ids}::uuid[])
        ORDER BY id FOR KEY SHARE`,
    read: () => tx.archivedPoint.findMany({ where: { archiveStoreId, tenantId: tenantId ?? '' }, select }),
    clear: (ids) => tx.archivedPointDamage.deleteMany({ where: { archiveStoreId, recoveryPointId: { in: [...ids] } } }),
    write: (recoveryPointId, update, foundAt) => {
      const key = { recoveryPointId, archiveStoreId }
      return tx.archivedPointDamage.upsert({
        ...{ where: { recoveryPointId_archiveStoreId: key }, update, create: { ...update, ...key, foundAt } },
      })
    },
  }
}

/** The recovery points that ought to be there. */
export async function pointIdsIn(tx: Tx, scope: DamageScope): Promise<string[]> {
  return (await booksOf(tx, scope).read()).map(({ id }) => id)
}

async function markHurt(books: PointBooks, found: readonly FoundDamage[], at: Date): Promise<void> {
  const hurt = new Map<string, { chunkCount: number; disks: Set<string>; reason: string }>()
  for (const { hurts, reason } of found) {
    for (const { recoveryPointId, disk, chunkCount } of hurts) {
      const known = hurt.get(recoveryPointId) ?? { chunkCount: 0, disks: new Set<string>(), reason }
      known.chunkCount += chunkCount
      if (disk) known.disks.add(disk)
      hurt.set(recoveryPointId, known)
    }
  }
  await books.hold([...hurt.keys()])
  const there = await books.read()
  await books.clear(there.filter(({ id, damage }) => damage && !hurt.has(id)).map(({ id }) => id))
  for (const { id, damage } of there) {
    const now = hurt.get(id)
    if (!now || (damage?.chunkCount === now.chunkCount && damage.reason === now.reason)) continue
    await books.write(id, { ...now, disks: [...now.disks].sort() }, at)
  }
}

/** A recovery point's damage in a sentence that everybody may read. */
export const damageText = (
  damage: { chunkCount: number; disks: readonly string[] },
  place: 'datastore' | 'archive store' = 'datastore',
): string =>
  damage.chunkCount === 0
    ? 'It can’t be read: what says which blocks it has is damaged or gone.'
    : `${damage.chunkCount} of its blocks (64 KiB each, on ${damage.disks.join(', ')}) ${damage.chunkCount === 1 ? 'is' : 'are'} damaged in the ${place}.`

/** @throws conflict when something of the recovery point is known to be missing */
export async function demandRestorable(tx: Tx, recoveryPointId: string): Promise<void> {
  const damage = await tx.recoveryPointDamage.findUnique({ where: { recoveryPointId } })
  if (!damage) return
  throw conflict(
    `This recovery point can’t be restored. ${damageText(damage)}`,
    'Restore another one, or back the VM up again: what is still the same on its disks heals this one.',
  )
}

/** @throws conflict when something of it is known to be missing in the archive store */
export async function demandRestorableFrom(tx: Tx, archiveStoreId: string, recoveryPointId: string): Promise<void> {
  const key = { recoveryPointId, archiveStoreId }
  const damage = await tx.archivedPointDamage.findUnique({ where: { recoveryPointId_archiveStoreId: key } })
  if (!damage) return
  throw conflict(
    `This recovery point can’t be restored from the archive store. ${damageText(damage, 'archive store')}`,
    'Restore another one, or from a datastore where that has it too.',
  )
}
