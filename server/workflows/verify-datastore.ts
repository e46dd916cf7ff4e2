/**
 * Reads what a datastore holds and checks all of it, for all of its tenants: every pack's bytes against their seals, and
 * that every recovery point finds what it names. What is broken is named with the recovery points it hurts; the next
 * backup heals what is still the same on the disks.
 *
 * | asked for   | reads                                                                       |
 * |-------------|-----------------------------------------------------------------------------|
 * | whole       | everything, from the beginning                                              |
 * | rolling     | the part of a day, behind the last one, so that all is read once in N days  |
 *
 * How far it is stands in the datastore's row: broken off, by a cancel too, the next one goes on there.
 */
import { dailyPart, endRound, newRound, readResult, readRound, writeRound } from '#server/core/datastore-verify.ts'
import { notFound } from '#server/errors.ts'
import { VerifyDatastorePlan, type VerifyRound } from '#server/schema/datastore-state.ts'
import { tenantsIn, verifyTenant } from './datastore-tenant.ts'
import { defineWorkflow, type StepContext } from './define.ts'

interface Memory {
  roundId: string
  mostBytes: number | null
  damaged: number
  healed: number
  checkedBytes: number
  isWhole: boolean
}
type Context = StepContext<VerifyDatastorePlan, Memory>

export const verifyDatastore = defineWorkflow<VerifyDatastorePlan, Memory>({
  kind: 'verify-datastore',
  input: VerifyDatastorePlan,
  result: ({ checkedBytes, damaged, healed, isWhole }) => ({ checkedBytes, damaged, healed, isWhole }),
  steps: [
    { name: 'begin', do: begin },
    { name: 'read', do: read },
    { name: 'sum up', do: sumUp },
  ],
})

async function begin(context: Context): Promise<Partial<Memory>> {
  const { db, input, operation } = context
  const row = await db.datastore.findUnique({ where: { id: operation.targetId } })
  if (!row) throw notFound('datastore', operation.targetId)
  const present = await readRound(db, row.id)
  if (input.whole) {
    if (present?.id !== operation.id) await writeRound(db, row.id, newRound(operation.id, new Date()))
    return { roundId: operation.id, mostBytes: null }
  }
  const round = present ?? newRound(operation.id, new Date())
  if (!present) await writeRound(db, row.id, round)
  const use = placeOf(context)
  let wholeBytes = 0
  for (const tenantId of await tenantsIn(use)) {
    const repository = await use.repositories.repository(row.id, tenantId).catch(() => undefined)
    wholeBytes += (await repository?.packedBytes()) ?? 0
  }
  return { roundId: round.id, mostBytes: dailyPart(wholeBytes, row.verifyDays) }
}

async function read(context: Context): Promise<Partial<Memory>> {
  const { db, operation } = context
  try {
    return await readOn(context)
  } catch (error) {
    // What was found until now is told without waiting for the next one.
    await db.datastore.updateMany({ where: { id: operation.targetId }, data: { measureAskedAt: new Date() } })
    throw error
  }
}

async function readOn(context: Context): Promise<Partial<Memory>> {
  const { db, memory, operation, signal } = context
  const use = placeOf(context)
  const begun = await readRound(db, operation.targetId)
  // It came to its end in an earlier run of this step.
  if (!begun || begun.id !== memory.roundId) return endedBefore(context)
  let round = begun
  const startBytes = round.checkedBytes
  const tenants = (await tenantsIn(use)).filter((id) => id >= (begun.tenantId ?? ''))
  const meter = await startMeter(context, tenants, round)
  for (const tenantId of tenants) {
    const afterPack: string | null = tenantId === round.tenantId ? round.afterPack : null
    const left: number | undefined =
      typeof memory.mostBytes === 'number' ? memory.mostBytes - (round.checkedBytes - startBytes) : undefined
    if (left !== undefined && left <= 0) return { checkedBytes: round.checkedBytes - startBytes, isWhole: false }
    let now: VerifyRound = { ...round, tenantId, afterPack }
    const report = await verifyTenant(use, tenantId, {
      signal,
      afterPack: afterPack ?? undefined,
      mostBytes: left,
      onPack: async ({ packId, sizeBytes, chunks }) => {
        now = {
          ...{ ...now, afterPack: packId, checkedPacks: now.checkedPacks + 1 },
          ...{ checkedChunks: now.checkedChunks + chunks, checkedBytes: now.checkedBytes + sizeBytes },
        }
        await meter(sizeBytes, now)
      },
    })
    round = now
    await writeRound(db, operation.targetId, round)
    if (report?.nextPack !== undefined) return { checkedBytes: round.checkedBytes - startBytes, isWhole: false }
  }
  await endRound(db, operation.targetId, round, new Date())
  return { checkedBytes: round.checkedBytes - startBytes, isWhole: true }
}

async function endedBefore({ db, memory, operation }: Context): Promise<Partial<Memory>> {
  const result = await readResult(db, operation.targetId)
  return { checkedBytes: result && result.id === memory.roundId ? result.checkedBytes : 0, isWhole: true }
}

const placeOf = ({ db, repositories, operation }: Context) => ({ db, repositories, datastoreId: operation.targetId })

const reportEveryMs = 500
const writeEveryMs = 5_000

/** Progress by bytes, and the round written down now and then. */
async function startMeter(context: Context, tenants: readonly string[], round: VerifyRound) {
  const { db, memory, operation, repositories, progress } = context
  let total = 0
  for (const tenantId of tenants) {
    const repository = await repositories.repository(operation.targetId, tenantId).catch(() => undefined)
    const after = tenantId === round.tenantId ? (round.afterPack ?? undefined) : undefined
    total += (await repository?.packedBytes(after)) ?? 0
  }
  if (typeof memory.mostBytes === 'number') total = Math.min(total, memory.mostBytes)
  const startedAt = performance.now()
  let [done, reportedAt, writtenAt] = [0, 0, startedAt]
  progress({ phase: 'reading packs', done, total, unit: 'bytes' })
  return async (bytes: number, now: VerifyRound) => {
    done += bytes
    const at = performance.now()
    if (at - writtenAt >= writeEveryMs) {
      writtenAt = at
      await writeRound(db, operation.targetId, now)
    }
    if (at - reportedAt < reportEveryMs) return
    reportedAt = at
    const ratePerSecond = done / Math.max(0.001, (at - startedAt) / 1000)
    const remainingMs = (Math.max(0, total - done) / ratePerSecond) * 1000
    progress({ phase: 'reading packs', done, total: Math.max(total, done), unit: 'bytes', ratePerSecond, remainingMs })
  }
}

/** What is known to be broken now, and what was found whole again since this began. */
async function sumUp({ db, operation }: Context): Promise<Partial<Memory>> {
  const scope = { datastoreId: operation.targetId }
  const { startedAt } = await db.operation.findUniqueOrThrow({
    where: { id: operation.id },
    select: { startedAt: true },
  })
  return {
    damaged: await db.datastoreDamage.count({ where: { ...scope, healedAt: null } }),
    healed: startedAt ? await db.datastoreDamage.count({ where: { ...scope, healedAt: { gte: startedAt } } }) : 0,
  }
}
