import { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { SkerryError } from '#server/errors.ts'
import type { NewOperation } from './operation.ts'
import { enqueue } from './operation.ts'

const dayMs = 86_400_000
/** When it is busy with something else. */
const againMs = 15 * 60_000
const actor = { kind: 'system' as const, id: 'datastore-schedule', name: 'Datastore schedule' }

export const verificationOf = (datastore: { id: string; name: string }, whole: boolean): NewOperation => ({
  kind: 'verify-datastore',
  target: { kind: 'datastore', id: datastore.id, name: datastore.name },
  tenantId: null,
  input: { whole },
})

export const archiveVerificationOf = (store: { id: string; name: string }, whole: boolean): NewOperation => ({
  kind: 'verify-archive-store',
  target: { kind: 'archive-store', id: store.id, name: store.name },
  tenantId: null,
  input: { whole },
})

/** Null: only when somebody asks for it. */
export const setArchiveVerifyDays = (tx: Tx, id: string, verifyDays: number | null, now: Date) =>
  tx.archiveStore.update({
    where: { id },
    data: { verifyDays, nextVerifyAt: verifyDays === null ? null : new Date(now.getTime() + dayMs) },
  })

export const compactionOf = (datastore: { id: string; name: string }): NewOperation => ({
  kind: 'compact-datastore',
  target: { kind: 'datastore', id: datastore.id, name: datastore.name },
  tenantId: null,
  input: {},
})

/**
 * Asks for the daily part of a verify of one datastore or archive store, or the daily compaction of a datastore, where
 * that is due, in the caller's transaction.
 * @returns whether there was one
 */
export async function askForCare(tx: Tx, now: Date): Promise<boolean> {
  return (
    (await askOf(tx, now, { table: 'datastore', column: 'next_verify_at' }, (row) => verificationOf(row, false))) ||
    (await askOf(tx, now, { table: 'datastore', column: 'next_compact_at' }, compactionOf)) ||
    (await askOf(tx, now, { table: 'archive_store', column: 'next_verify_at' }, (row) =>
      archiveVerificationOf(row, false),
    ))
  )
}

async function askOf(
  tx: Tx,
  now: Date,
  when: { table: 'datastore' | 'archive_store'; column: 'next_verify_at' | 'next_compact_at' },
  wanted: (row: { id: string; name: string }) => NewOperation,
): Promise<boolean> {
  const [table, due] = [Prisma.raw(when.table), Prisma.raw(when.column)]
  // Each worker takes another one.
  const [row] = await tx.$queryRaw<{ id: string; name: string }[]>`
    SELECT id::text, name FROM ${table} WHERE ${due} <= ${now} ORDER BY ${due} LIMIT 1 FOR UPDATE SKIP LOCKED`
  if (!row) return false
  const isAsked = await enqueue({ tx, actor, requestId: null }, wanted(row)).then(
    () => true,
    (error) => {
      if (error instanceof SkerryError && error.code === 'conflict') return false
      throw error
    },
  )
  const next = new Date(now.getTime() + (isAsked ? dayMs : againMs))
  await tx.$executeRaw`UPDATE ${table} SET ${due} = ${next} WHERE id = ${row.id}::uuid`
  return true
}
