import { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { VerifyResult, VerifyRound } from '#server/schema/datastore-state.ts'

const dayMs = 86_400_000

/** How far the present round has come; nothing between two rounds. */
export async function readRound(tx: Tx, datastoreId: string): Promise<VerifyRound | null> {
  const row = await tx.datastore.findUnique({ where: { id: datastoreId }, select: { verifyRound: true } })
  return VerifyRound.nullable()
    .catch(null)
    .parse(row?.verifyRound ?? null)
}

export async function readResult(tx: Tx, datastoreId: string): Promise<VerifyResult | null> {
  const row = await tx.datastore.findUnique({ where: { id: datastoreId }, select: { verifyResult: true } })
  return VerifyResult.nullable()
    .catch(null)
    .parse(row?.verifyResult ?? null)
}

export const newRound = (id: string, at: Date): VerifyRound => ({
  ...{ id, startedAt: at.toISOString(), tenantId: null, afterPack: null },
  ...{ checkedPacks: 0, checkedChunks: 0, checkedBytes: 0 },
})

export const writeRound = (tx: Tx, datastoreId: string, round: VerifyRound) =>
  tx.datastore.updateMany({ where: { id: datastoreId }, data: { verifyRound: round } })

export function endRound(tx: Tx, datastoreId: string, round: VerifyRound, at: Date) {
  const { id, startedAt, checkedPacks, checkedChunks, checkedBytes } = round
  const verifyResult = { id, startedAt, checkedPacks, checkedChunks, checkedBytes, endedAt: at.toISOString() }
  return tx.datastore.updateMany({ where: { id: datastoreId }, data: { verifyRound: Prisma.DbNull, verifyResult } })
}

/** A little more than a day's part, so that a missed day is made up for. */
const partShare = 1.2
const leastBytes = 1024 * 1024

/** Bytes to read now so that all is read in the days it may take. */
export function dailyPart(wholeBytes: number, days: number): number {
  return Math.max(leastBytes, Math.ceil((wholeBytes / days) * partShare))
}

export const tomorrow = (now: Date) => new Date(now.getTime() + dayMs)
