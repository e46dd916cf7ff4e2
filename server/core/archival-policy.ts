import { type ArchivalPolicy, Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { conflict, invalid, notFound } from '#server/errors.ts'
import type {
  ArchivalPolicyInput,
  ArchivalRules,
  Beginning,
  LocalCopy,
  LockMode,
  Which,
} from '#server/schema/archive.ts'
import { liveStates } from '#server/schema/operation.ts'
import { ScheduleMoment } from '#server/schema/schedule.ts'
import type { ChosenFrom, KnownThere, Situation } from './archival-plan.ts'
import { type ArchivalPreview, previewArchival } from './archival-preview.ts'
import { demandWithinLimits } from './archive-limit.ts'
import { grantOf } from './archive-store.ts'
import type { NewOperation } from './operation.ts'
import { nextDue } from './schedule.ts'

const mostPolicies = 50

/** A row as its rules were written. */
export function rulesOf(row: ArchivalPolicy): ArchivalRules {
  const { archiveStoreId, allVms, tags, vmIds, datastoreId, minAgeDays, timeZone, keepDays } = row
  return {
    ...{ archiveStoreId, allVms, tags, vmIds, datastoreId, minAgeDays, timeZone, keepDays },
    lock: row.lock as LockMode | null,
    ...{ which: row.which as Which, begins: row.begins as Beginning, localCopy: row.localCopy as LocalCopy },
    schedule: row.schedule === null ? null : ScheduleMoment.parse(row.schedule),
    aboveBytes: row.aboveBytes === null ? null : Number(row.aboveBytes),
    downToBytes: row.downToBytes === null ? null : Number(row.downToBytes),
  }
}

const hourMs = 3_600_000

/** When the policy is looked at after `after`: at its time, or now and then whether there is something to do. */
export function nextLook({ begins, schedule, timeZone }: ArchivalRules, after: Date): Date {
  if (begins === 'schedule' && schedule) return nextDue({ ...schedule, timeZone }, after)
  return new Date(after.getTime() + (begins === 'fullness' ? hourMs / 6 : hourMs))
}

const columnsOf = ({ aboveBytes, downToBytes, schedule, ...rest }: ArchivalPolicyInput) => ({
  ...rest,
  schedule: schedule ?? Prisma.DbNull,
  aboveBytes: aboveBytes === null ? null : BigInt(aboveBytes),
  downToBytes: downToBytes === null ? null : BigInt(downToBytes),
})

/** @throws invalid beyond the provider's limits, not-found for what is another tenant's or not there */
export async function createArchivalPolicy(tx: Tx, tenantId: string, input: ArchivalPolicyInput, createdBy: string) {
  await demandPossible(tx, tenantId, input)
  const count = await tx.archivalPolicy.count({ where: { tenantId } })
  if (count >= mostPolicies) throw conflict(`There are ${count} policies already.`, 'Delete one that is not needed.')
  return tx.archivalPolicy.create({
    data: { ...columnsOf(input), tenantId, createdBy, nextAt: firstLook(input) },
    select: { id: true },
  })
}

export async function editArchivalPolicy(tx: Tx, policy: ArchivalPolicy, input: ArchivalPolicyInput): Promise<void> {
  await demandPossible(tx, policy.tenantId, input, policy.id)
  const data = { ...columnsOf(input), nextAt: firstLook(input), lastRefusal: null }
  await tx.archivalPolicy.update({ where: { id: policy.id }, data })
}

/** What is archived stays until it expires. @throws conflict while it is at work */
export async function deleteArchivalPolicy(tx: Tx, { id, name }: ArchivalPolicy): Promise<void> {
  if (await isAtWork(tx, id)) throw conflict(`${name} is at work.`, 'Wait until that has ended, or cancel it.')
  await tx.archivalPolicy.delete({ where: { id } })
}

const firstLook = (input: ArchivalPolicyInput) =>
  input.begins === 'schedule' ? nextLook(input, new Date()) : new Date()

export const isAtWork = async (tx: Tx, policyId: string) =>
  (await tx.operation.count({
    where: { targetKind: 'archival-policy', targetId: policyId, state: { in: [...liveStates] } },
  })) > 0

async function demandPossible(tx: Tx, tenantId: string, input: ArchivalPolicyInput, id?: string): Promise<void> {
  await demandRules(tx, tenantId, input)
  const taken = await tx.archivalPolicy.count({
    where: { tenantId, name: input.name, ...(id ? { id: { not: id } } : {}) },
  })
  if (taken > 0) throw conflict(`There is a policy ${input.name} already.`, 'Choose another name.')
}

async function demandRules(tx: Tx, tenantId: string, rules: ArchivalRules) {
  const grant = await grantOf(tx, rules.archiveStoreId, tenantId)
  demandWithinLimits(rules, grant, grant.archiveStore)
  const known = await tx.vm.findMany({ where: { id: { in: rules.vmIds }, tenantId }, select: { id: true } })
  const stranger = rules.vmIds.find((vmId) => !known.some(({ id }) => id === vmId))
  if (stranger) throw notFound('VM', stranger)
  if (rules.datastoreId && (await tx.datastore.count({ where: { id: rules.datastoreId } })) === 0) {
    throw notFound('datastore', rules.datastoreId)
  }
  if (rules.begins === 'schedule' && !rules.schedule) throw invalid('Give a time.', { field: 'schedule' })
  return grant
}

/** The recovery points in datastores that the rules are about. */
async function pointsUnder(tx: Tx, tenantId: string, rules: ArchivalRules): Promise<ChosenFrom[]> {
  const { allVms, tags, vmIds, datastoreId } = rules
  const rows = await tx.recoveryPoint.findMany({
    where: {
      tenantId,
      ...(datastoreId ? { datastoreId } : {}),
      ...(allVms ? {} : { OR: [{ vmId: { in: vmIds } }, { vm: { tags: { hasSome: tags } } }] }),
    },
    orderBy: [{ takenAt: 'asc' }, { id: 'asc' }],
    select: {
      ...{ id: true, vmId: true, vmUuid: true, vmName: true, datastoreId: true, takenAt: true },
      ...{ reading: true, sizeBytes: true, storedBytes: true, invalidAt: true },
    },
  })
  return rows.map(({ invalidAt, sizeBytes, storedBytes, ...row }) => ({
    ...row,
    ...{ sizeBytes: Number(sizeBytes), storedBytes: Number(storedBytes), isInvalid: invalidAt !== null },
  }))
}

/** All that the rules are judged by. */
export async function situationUnder(tx: Tx, tenantId: string, rules: ArchivalRules): Promise<Situation> {
  const points = await pointsUnder(tx, tenantId, rules)
  const archived = await archivedThere(tx, tenantId, rules.archiveStoreId)
  return { points, archived, measuredBytes: await measuredUnder(tx, tenantId, rules, points) }
}

/** Of a tenant's points alone, and of all of them: what some take of what they share with others can't be said. */
async function measuredUnder(
  tx: Tx,
  tenantId: string,
  { allVms, datastoreId, begins }: ArchivalRules,
  points: readonly ChosenFrom[],
): Promise<number | null> {
  if (!allVms || begins !== 'fullness') return null
  const shares = await tx.datastoreShare.findMany({
    where: { tenantId, ...(datastoreId ? { datastoreId } : {}) },
    include: { datastore: { select: { measureAskedAt: true } } },
  })
  const isCurrent = ({ measuredAt, datastore }: (typeof shares)[number]) => datastore.measureAskedAt <= measuredAt
  const isMeasured = (id: string) => shares.some((share) => share.datastoreId === id && isCurrent(share))
  if (!points.every((point) => isMeasured(point.datastoreId))) return null
  return shares.reduce((sum, { storedBytes, deadBytes }) => sum + Number(storedBytes - deadBytes), 0)
}

/** What the tenant has in an archive store. */
async function archivedThere(tx: Tx, tenantId: string, archiveStoreId: string): Promise<KnownThere[]> {
  const rows = await tx.archivedPoint.findMany({
    where: { tenantId, archiveStoreId },
    select: { id: true, vmUuid: true, takenAt: true, storedBytes: true },
  })
  return rows.map((row) => ({ ...row, storedBytes: Number(row.storedBytes) }))
}

/** What rules would do and cost, by the tenant's own backups. @throws as saving them would */
export async function previewRules(
  tx: Tx,
  tenantId: string,
  rules: ArchivalRules,
  now: Date,
): Promise<ArchivalPreview> {
  const { archiveStore, maxBytes } = await demandRules(tx, tenantId, rules)
  const store = { ...archiveStore, maxBytes: maxBytes === null ? null : Number(maxBytes) }
  return previewArchival(rules, await situationUnder(tx, tenantId, rules), store, now)
}

/** A tenant's policies as the page lists them. */
export async function listArchivalPolicies(tx: Tx, tenantId: string) {
  const rows = await tx.archivalPolicy.findMany({
    where: { tenantId },
    orderBy: { name: 'asc' },
    include: { archiveStore: { select: { name: true } }, _count: { select: { points: true } } },
  })
  const operationIds = rows.map(({ lastOperationId }) => lastOperationId).filter((id) => id !== null)
  const operations = await tx.operation.findMany({
    where: { id: { in: operationIds } },
    select: { id: true, state: true, finishedAt: true, result: true, error: true },
  })
  return rows.map(({ archiveStore, _count, ...row }) => ({
    ...{ id: row.id, tenantId: row.tenantId, name: row.name, enabled: row.enabled, rules: rulesOf(row) },
    ...{ archiveStoreName: archiveStore.name, points: _count.points, nextAt: row.nextAt, lastRefusal: row.lastRefusal },
    last: operations.find(({ id }) => id === row.lastOperationId) ?? null,
  }))
}

/** A run of the policy now. */
export const archivalOf = ({ id, name, tenantId, archiveStoreId }: ArchivalPolicy): NewOperation => ({
  kind: 'archive-recovery-points',
  target: { kind: 'archival-policy', id, name },
  tenantId,
  input: { policyId: id, archiveStoreId },
})
