import { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { VerifyResult, VerifyRound } from '#server/schema/datastore-state.ts'

/** A datastore or an archive store. */
export interface StoreRef {
  readonly kind: 'datastore' | 'archive-store'
  readonly id: string
}

const select = { verifyDays: true, verifyRound: true, verifyResult: true }
const rowOf = (tx: Tx, { kind, id }: StoreRef) =>
  kind === 'datastore'
    ? tx.datastore.findUnique({ where: { id }, select })
    : tx.archiveStore.findUnique({ where: { id }, select })
const write = (
  tx: Tx,
  { kind, id }: StoreRef,
  data: { verifyRound: VerifyRound | typeof Prisma.DbNull; verifyResult?: VerifyResult },
) =>
  kind === 'datastore'
    ? tx.datastore.updateMany({ where: { id }, data })
    : tx.archiveStore.updateMany({ where: { id }, data })

/** How far verifying a store is, and how often it is to be read; nothing for a store that is gone. */
export async function readVerification(tx: Tx, store: StoreRef) {
  const row = await rowOf(tx, store)
  return (
    row && {
      verifyDays: row.verifyDays,
      /** Null between two rounds */
      round: VerifyRound.nullable().catch(null).parse(row.verifyRound),
      result: VerifyResult.nullable().catch(null).parse(row.verifyResult),
    }
  )
}

export const newRound = (id: string, at: Date): VerifyRound => ({
  ...{ id, startedAt: at.toISOString(), tenantId: null, afterPack: null },
  ...{ checkedPacks: 0, checkedChunks: 0, checkedBytes: 0 },
})

export const writeRound = (tx: Tx, store: StoreRef, round: VerifyRound) => write(tx, store, { verifyRound: round })

export function endRound(tx: Tx, store: StoreRef, round: VerifyRound, at: Date) {
  const { id, startedAt, checkedPacks, checkedChunks, checkedBytes } = round
  const verifyResult = { id, startedAt, checkedPacks, checkedChunks, checkedBytes, endedAt: at.toISOString() }
  return write(tx, store, { verifyRound: Prisma.DbNull, verifyResult })
}

/** A little more than a day's part, so that a missed day is made up for. */
const partShare = 1.2
const leastBytes = 1024 * 1024

/** Bytes to read now so that all is read in the days it may take. */
export function dailyPart(wholeBytes: number, days: number): number {
  return Math.max(leastBytes, Math.ceil((wholeBytes / days) * partShare))
}
