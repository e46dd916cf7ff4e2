/**
 * Reads what a datastore or an archive store holds and checks all of it, for all of its tenants: every pack's bytes
 * against their seals, and that every recovery point finds what it names. What is broken is named with the recovery
 * points it hurts; the next backup, or archival, heals what is still the same on the disks.
 *
 * | asked for   | reads                                                                       |
 * |-------------|-----------------------------------------------------------------------------|
 * | whole       | everything, from the beginning                                              |
 * | rolling     | the part of a day, behind the last one, so that all is read once in N days  |
 *
 * How far it is stands in the store's row: broken off, by a cancel too, the next one goes on there.
 */
import { damageOf } from '#server/core/store-damage.ts'
import { dailyPart, endRound, newRound, readVerification, writeRound } from '#server/core/verify-round.ts'
import { notFound } from '#server/errors.ts'
import { VerifyPlan, type VerifyRound } from '#server/schema/datastore-state.ts'
import type { OperationKind } from '#server/schema/operation.ts'
import { defineWorkflow, type StepContext } from './define.ts'
import { type VerifiedPlace, verifyTenant } from './verify-tenant.ts'

interface Memory {
  roundId: string
  mostBytes: number | null
  damaged: number
  healed: number
  checkedBytes: number
  isWhole: boolean
}
type Asked = StepContext<VerifyPlan, Memory>
type Context = Asked & { readonly place: VerifiedPlace }

export function verification(kind: OperationKind, placeOf: (context: Asked) => VerifiedPlace) {
  const at = (step: (context: Context) => Promise<Partial<Memory>>) => (asked: Asked) =>
    step({ ...asked, place: placeOf(asked) })
  return defineWorkflow<VerifyPlan, Memory>({
    kind,
    input: VerifyPlan,
    result: ({ checkedBytes, damaged, healed, isWhole }) => ({ checkedBytes, damaged, healed, isWhole }),
    steps: [
      { name: 'begin', do: at(begin) },
      { name: 'read', do: at(read) },
      { name: 'sum up', do: at(sumUp) },
    ],
  })
}

/** How often a store is read whose row says nothing of it any more. */
const usualDays = 30

async function begin({ db, input, operation, place }: Context): Promise<Partial<Memory>> {
  const { store } = place
  const known = await readVerification(db, store)
  if (!known) throw notFound(store.kind === 'datastore' ? 'datastore' : 'archive store', store.id)
  if (input.whole) {
    if (known.round?.id !== operation.id) await writeRound(db, store, newRound(operation.id, new Date()))
    return { roundId: operation.id, mostBytes: null }
  }
  const round = known.round ?? newRound(operation.id, new Date())
  if (!known.round) await writeRound(db, store, round)
  let wholeBytes = 0
  for (const tenantId of await place.tenantIds()) {
    const repository = await place.repository(tenantId).catch(() => undefined)
    wholeBytes += (await repository?.packedBytes()) ?? 0
  }
  return { roundId: round.id, mostBytes: dailyPart(wholeBytes, known.verifyDays ?? usualDays) }
}

async function read(context: Context): Promise<Partial<Memory>> {
  try {
    return await readOn(context)
  } catch (error) {
    // What was found until now is told without waiting for the next one.
    await context.place.tellSoon()
    throw error
  }
}

async function readOn(context: Context): Promise<Partial<Memory>> {
  const { db, memory, place, signal } = context
  const begun = (await readVerification(db, place.store))?.round
  // It came to its end in an earlier run of this step.
  if (!begun || begun.id !== memory.roundId) return endedBefore(context)
  let round = begun
  const startBytes = round.checkedBytes
  const tenants = (await place.tenantIds()).filter((id) => id >= (begun.tenantId ?? ''))
  const meter = await startMeter(context, tenants, round)
  for (const tenantId of tenants) {
    const afterPack: string | null = tenantId === round.tenantId ? round.afterPack : null
    const left: number | undefined =
      typeof memory.mostBytes === 'number' ? memory.mostBytes - (round.checkedBytes - startBytes) : undefined
    if (left !== undefined && left <= 0) return { checkedBytes: round.checkedBytes - startBytes, isWhole: false }
    let now: VerifyRound = { ...round, tenantId, afterPack }
    const report = await verifyTenant(place, tenantId, {
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
    await writeRound(db, place.store, round)
    if (report?.nextPack !== undefined) return { checkedBytes: round.checkedBytes - startBytes, isWhole: false }
  }
  await endRound(db, place.store, round, new Date())
  return { checkedBytes: round.checkedBytes - startBytes, isWhole: true }
}

async function endedBefore({ db, memory, place }: Context): Promise<Partial<Memory>> {
  const result = (await readVerification(db, place.store))?.result
  return { checkedBytes: result && result.id === memory.roundId ? result.checkedBytes : 0, isWhole: true }
}

const reportEveryMs = 500
const writeEveryMs = 5_000

/** Progress by bytes, and the round written down now and then. */
async function startMeter(context: Context, tenants: readonly string[], round: VerifyRound) {
  const { db, memory, place, progress } = context
  let total = 0
  for (const tenantId of tenants) {
    const repository = await place.repository(tenantId).catch(() => undefined)
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
      await writeRound(db, place.store, now)
    }
    if (at - reportedAt < reportEveryMs) return
    reportedAt = at
    const ratePerSecond = done / Math.max(0.001, (at - startedAt) / 1000)
    const remainingMs = (Math.max(0, total - done) / ratePerSecond) * 1000
    progress({ phase: 'reading packs', done, total: Math.max(total, done), unit: 'bytes', ratePerSecond, remainingMs })
  }
}

/** What is known to be broken now, and what was found whole again since this began. */
async function sumUp({ db, operation, place }: Context): Promise<Partial<Memory>> {
  const scope = damageOf(place.store)
  const { startedAt } = await db.operation.findUniqueOrThrow({
    where: { id: operation.id },
    select: { startedAt: true },
  })
  return {
    damaged: await db.storeDamage.count({ where: { ...scope, healedAt: null } }),
    healed: startedAt ? await db.storeDamage.count({ where: { ...scope, healedAt: { gte: startedAt } } }) : 0,
  }
}
