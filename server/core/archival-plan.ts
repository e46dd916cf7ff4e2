import type { ArchivalRules, Which } from '#server/schema/archive.ts'

/** A recovery point as the choice sees it. */
export interface ChosenFrom {
  id: string
  vmId: string | null
  vmUuid: string
  vmName: string
  datastoreId: string
  takenAt: Date
  reading: string
  sizeBytes: number
  storedBytes: number
  isInvalid: boolean
}

/** One that is in the archive store already. */
export interface KnownThere {
  id: string
  vmUuid: string
  takenAt: Date
  storedBytes: number
}

/** `bytes`: what it will add to the archive store, at the most. */
export interface PlannedPoint {
  id: string
  datastoreId: string
  bytes: number
}

export interface ArchivalPlan {
  /** Oldest first of each VM */
  send: PlannedPoint[]
  /** Is archived, or will be, and leaves the datastore or becomes invalid there */
  release: { id: string; datastoreId: string; storedBytes: number }[]
}

const dayMs = 86_400_000

export type Choice = Pick<
  ArchivalRules,
  'which' | 'begins' | 'minAgeDays' | 'timeZone' | 'aboveBytes' | 'downToBytes' | 'localCopy'
>

/** What a policy is judged by. */
export interface Situation {
  points: readonly ChosenFrom[]
  archived: readonly KnownThere[]
  /** What the points really take, where that was measured since the last of them came or went */
  measuredBytes: number | null
}

/**
 * What a run of the policy does now with the recovery points that it is about. The newest of a VM in a datastore stays
 * there in any case: the next backup builds on it, and nothing is restored as fast.
 */
export function planArchival(policy: Choice, { points, archived, measuredBytes }: Situation, now: Date): ArchivalPlan {
  const there = new Set(archived.map(({ id }) => id))
  const oldestFirst = points.toSorted(byAge)
  const newest = newestIds(oldestFirst)
  const chosen = chosenIds(oldestFirst, policy, now)
  const isOld = ({ takenAt }: ChosenFrom) => takenAt.getTime() <= now.getTime() - policy.minAgeDays * dayMs
  const mayGo = (point: ChosenFrom) =>
    policy.localCopy !== 'keep' && !newest.has(point.id) && !(policy.localCopy === 'invalidate' && point.isInvalid)
  const send: ChosenFrom[] = []
  const release: ChosenFrom[] = []
  let room = roomToMake(policy, points, measuredBytes)
  for (const point of oldestFirst) {
    if (room !== null && room <= 0) break
    const isNew = !there.has(point.id) && chosen.has(point.id) && isOld(point) && !point.isInvalid
    if (isNew) send.push(point)
    if ((isNew || there.has(point.id)) && mayGo(point)) {
      release.push(point)
      if (room !== null) room -= point.storedBytes
    }
  }
  const bytesOf = additions(oldestFirst, archived, new Set(send.map(({ id }) => id)))
  return {
    send: send.map(({ id, datastoreId }) => ({ id, datastoreId, bytes: bytesOf.get(id) ?? 0 })),
    release: release.map(({ id, datastoreId, storedBytes }) => ({ id, datastoreId, storedBytes })),
  }
}

const byAge = (a: { takenAt: Date; id: string }, b: { takenAt: Date; id: string }) =>
  a.takenAt.getTime() - b.takenAt.getTime() || (a.id < b.id ? -1 : 1)

/** Null: it is not about room. */
function roomToMake(
  { begins, aboveBytes, downToBytes }: Choice,
  points: readonly ChosenFrom[],
  measuredBytes: number | null,
): number | null {
  if (begins !== 'fullness') return null
  // What a point added when it was taken is not what it takes now: others may be gone that it shared with.
  const stored = measuredBytes ?? points.reduce((sum, { storedBytes }) => sum + storedBytes, 0)
  return stored > (aboveBytes ?? 0) ? stored - (downToBytes ?? 0) : 0
}

function newestIds(oldestFirst: readonly ChosenFrom[]): Set<string> {
  const newest = new Map(oldestFirst.map(({ vmUuid, datastoreId, id }) => [`${vmUuid} ${datastoreId}`, id]))
  return new Set(newest.values())
}

/** Every one, or the last of each day, week or month that is over. */
export function chosenIds(
  oldestFirst: readonly ChosenFrom[],
  { which, timeZone }: Pick<Choice, 'which' | 'timeZone'>,
  now: Date,
): Set<string> {
  if (which === 'every') return new Set(oldestFirst.map(({ id }) => id))
  const periodOf = periodsIn(timeZone, which)
  const present = periodOf(now)
  const last = new Map<string, string>()
  for (const { id, vmUuid, takenAt } of oldestFirst) {
    const period = periodOf(takenAt)
    if (period !== present) last.set(`${vmUuid} ${period}`, id)
  }
  return new Set(last.values())
}

/** Names of the periods in which moments lie, by a time zone's clock; weeks begin on Monday. */
function periodsIn(timeZone: string, which: Exclude<Which, 'every'>): (at: Date) => string {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' })
  return (at) => {
    const day = format.format(at)
    if (which === 'day') return day
    if (which === 'month') return day.slice(0, 7)
    // Day 0 was a Thursday.
    return `week ${Math.floor((Date.parse(`${day}T00:00:00Z`) / dayMs + 3) / 7)}`
  }
}

/**
 * What each of `wanted` adds at the most: what the datastore took for it and for those between it and the one before it
 * in the archive. The first of a VM is sent in full; where the full backup that it builds on is gone, that is known to
 * be no more than its disks.
 */
export function additions(
  oldestFirst: readonly ChosenFrom[],
  archived: readonly KnownThere[],
  wanted: ReadonlySet<string>,
): Map<string, number> {
  const result = new Map<string, number>()
  const since = new Map<string, number>()
  const hasBase = new Set<string>()
  const there = new Map<string, Date>()
  for (const { vmUuid, takenAt } of archived) {
    const last = there.get(vmUuid)
    if (!last || last < takenAt) there.set(vmUuid, takenAt)
  }
  for (const { id, vmUuid, takenAt, reading, storedBytes, sizeBytes } of oldestFirst) {
    if (reading === 'full') hasBase.add(vmUuid)
    const before = there.get(vmUuid)
    if (before && takenAt <= before) continue
    const sum = (since.get(vmUuid) ?? 0) + storedBytes
    if (!wanted.has(id)) {
      since.set(vmUuid, sum)
      continue
    }
    result.set(id, before || hasBase.has(vmUuid) ? Math.min(sum, sizeBytes) : sizeBytes)
    there.set(vmUuid, takenAt)
    since.set(vmUuid, 0)
  }
  return result
}
