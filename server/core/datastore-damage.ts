import type { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'

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

export interface DamageScope {
  datastoreId: string
  tenantId: string | null
}

const keyOf = (damage: { what: string; chunkId?: string | null | undefined; objectKey?: string | null | undefined }) =>
  `${damage.what} ${damage.chunkId ?? damage.objectKey ?? ''}`

/**
 * Keeps what is broken of a tenant's backups in a datastore: all of it that is known, so that what is open and not
 * among it is healed, or needed by nobody any more.
 */
export async function recordDamage(tx: Tx, scope: DamageScope, found: readonly FoundDamage[], at: Date): Promise<void> {
  const open = await tx.datastoreDamage.findMany({ where: { ...scope, healedAt: null } })
  const openByKey = new Map(open.map((row) => [keyOf(row), row]))
  const foundByKey = new Map(found.map((damage) => [keyOf(damage), damage]))
  const isNew: Prisma.DatastoreDamageCreateManyInput[] = []
  for (const [key, { what, objectKey, chunkId, reason, hurts }] of foundByKey) {
    const known = openByKey.get(key)
    const data = {
      objectKey: objectKey ?? null,
      reason,
      hurts: hurts.map((hurt) => ({ ...hurt, chunkIndexes: [...hurt.chunkIndexes] })),
    }
    if (!known) isNew.push({ ...scope, ...data, what, chunkId: chunkId ?? null, foundAt: at })
    else if (JSON.stringify([known.objectKey, known.reason, known.hurts]) !== JSON.stringify(Object.values(data))) {
      await tx.datastoreDamage.update({ where: { id: known.id }, data })
    }
  }
  await tx.datastoreDamage.createMany({ data: isNew })
  const healed = open.filter((row) => !foundByKey.has(keyOf(row))).map(({ id }) => id)
  await tx.datastoreDamage.updateMany({ where: { id: { in: healed } }, data: { healedAt: at } })
  await markHurt(tx, scope, found, at)
}

async function markHurt(tx: Tx, scope: DamageScope, found: readonly FoundDamage[], at: Date): Promise<void> {
  const hurt = new Map<string, { chunkCount: number; disks: Set<string>; reason: string }>()
  for (const { hurts, reason } of found) {
    for (const { recoveryPointId, disk, chunkCount } of hurts) {
      const known = hurt.get(recoveryPointId) ?? { chunkCount: 0, disks: new Set<string>(), reason }
      known.chunkCount += chunkCount
      if (disk) known.disks.add(disk)
      hurt.set(recoveryPointId, known)
    }
  }
  await tx.recoveryPointDamage.deleteMany({
    where: { recoveryPoint: scope, recoveryPointId: { notIn: [...hurt.keys()] } },
  })
  const there = await tx.recoveryPoint.findMany({
    where: { ...scope, id: { in: [...hurt.keys()] } },
    select: { id: true, damage: true },
  })
  for (const { id, damage } of there) {
    const { chunkCount = 0, disks = new Set<string>(), reason = '' } = hurt.get(id) ?? {}
    const data = { chunkCount, disks: [...disks].sort(), reason }
    if (!damage) await tx.recoveryPointDamage.create({ data: { ...data, recoveryPointId: id, foundAt: at } })
    else if (damage.chunkCount !== chunkCount || damage.reason !== reason) {
      await tx.recoveryPointDamage.update({ where: { recoveryPointId: id }, data })
    }
  }
}

/** A recovery point's damage in a sentence that everybody may read. */
export const damageText = (damage: { chunkCount: number; disks: readonly string[] }): string =>
  damage.chunkCount === 0
    ? 'It can’t be read: what says which blocks it has is damaged or gone.'
    : `${damage.chunkCount} of its blocks (64 KiB each, on ${damage.disks.join(', ')}) ${damage.chunkCount === 1 ? 'is' : 'are'} damaged in the datastore.`

/** @throws conflict when something of the recovery point is known to be missing */
export async function demandRestorable(tx: Tx, recoveryPointId: string): Promise<void> {
  const damage = await tx.recoveryPointDamage.findUnique({ where: { recoveryPointId } })
  if (!damage) return
  throw conflict(
    `This recovery point can’t be restored. ${damageText(damage)}`,
    'Restore another one, or back the VM up again: what is still the same on its disks heals this one.',
  )
}
