import { gbBytes } from '#server/schema/archive.ts'
import {
  additions,
  type Choice,
  type ChosenFrom,
  chosenIds,
  type KnownThere,
  planArchival,
  type Situation,
} from './archival-plan.ts'

export interface ArchivalPreview {
  currency: string
  /** What a run would do at this moment */
  now: { points: number; bytes: number; leavesPoints: number; leavesBytes: number; vms: number }
  /** In the archive store after that, with what is there */
  after: { points: number; bytes: number; costPerMonth: number }
  /** What comes and goes in a month, by the backups of the last 30 days */
  monthly: { points: number; bytes: number; localBytes: number }
  /** When as much expires as is added */
  full: { afterDays: number; bytes: number; costPerMonth: number }
  maxBytes: number | null
  /** What it will not be able to do */
  warnings: string[]
}

const dayMs = 86_400_000
const monthDays = 30

export interface PreviewedStore {
  currency: string
  pricePerGbMonth: number
  maxBytes: number | null
}

/** What rules cost and free, from the backups that there are. */
export function previewArchival(
  policy: Choice & { keepDays: number },
  situation: Situation,
  store: PreviewedStore,
  now: Date,
): ArchivalPreview {
  const { points, archived } = situation
  const plan = planArchival(policy, situation, now)
  const priceOf = (bytes: number) => (bytes / gbBytes) * store.pricePerGbMonth
  const sentBytes = sumOf(plan.send.map(({ bytes }) => bytes))
  const thereBytes = sumOf(archived.map(({ storedBytes }) => storedBytes)) + sentBytes
  const month = lastMonth(policy, points, archived, now)
  const kept = month.bytes * (policy.keepDays / monthDays)
  // What is archived first is there for as long as anything that builds on it.
  const fullBytes = Math.max(thereBytes, month.baseBytes + kept)
  const leaves = plan.release.map(({ storedBytes }) => storedBytes)
  const byId = new Map(points.map((point) => [point.id, point]))
  return {
    currency: store.currency,
    now: {
      ...{ points: plan.send.length, bytes: sentBytes, leavesPoints: leaves.length, leavesBytes: sumOf(leaves) },
      vms: new Set(plan.send.map(({ id }) => byId.get(id)?.vmUuid)).size,
    },
    after: {
      ...{ points: archived.length + plan.send.length, bytes: thereBytes },
      costPerMonth: priceOf(thereBytes),
    },
    monthly: {
      ...{ points: month.points, bytes: month.bytes },
      localBytes: policy.localCopy === 'delete' ? month.localBytes : 0,
    },
    full: { afterDays: policy.keepDays, bytes: fullBytes, costPerMonth: priceOf(fullBytes) },
    maxBytes: store.maxBytes,
    warnings: warningsOf(store, thereBytes, fullBytes),
  }
}

function warningsOf({ maxBytes }: PreviewedStore, thenBytes: number, fullBytes: number): string[] {
  if (maxBytes === null || fullBytes <= maxBytes) return []
  return thenBytes > maxBytes
    ? ['It does not fit what the tenant may store there: it stops when that is full.']
    : ['It will outgrow what the tenant may store there before the first of it expires.']
}

/** The chosen ones of the last 30 days, without what is sent of each VM once only. */
function lastMonth(policy: Choice, points: readonly ChosenFrom[], archived: readonly KnownThere[], now: Date) {
  const oldestFirst = points.toSorted((a, b) => a.takenAt.getTime() - b.takenAt.getTime())
  const chosen = chosenIds(oldestFirst, policy, now)
  const bytesOf = additions(oldestFirst, [], chosen)
  const first = new Set<string>()
  const seen = new Set<string>()
  for (const { id, vmUuid } of oldestFirst) {
    if (!chosen.has(id) || seen.has(vmUuid)) continue
    seen.add(vmUuid)
    first.add(id)
  }
  const isRecent = ({ takenAt }: ChosenFrom) => takenAt.getTime() > now.getTime() - monthDays * dayMs
  const recent = oldestFirst.filter((point) => chosen.has(point.id) && isRecent(point))
  const growing = recent.filter(({ id }) => !first.has(id))
  const knownUuids = new Set(archived.map(({ vmUuid }) => vmUuid))
  const bases = oldestFirst.filter(({ id, vmUuid }) => first.has(id) && !knownUuids.has(vmUuid))
  return {
    points: recent.length,
    bytes: sumOf(growing.map(({ id }) => bytesOf.get(id) ?? 0)),
    baseBytes:
      sumOf(bases.map(({ id }) => bytesOf.get(id) ?? 0)) + sumOf(archived.map(({ storedBytes }) => storedBytes)),
    localBytes: sumOf(recent.map(({ storedBytes }) => storedBytes)),
  }
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0)
