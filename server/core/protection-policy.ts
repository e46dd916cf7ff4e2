import { z } from 'zod'
import { Prisma, type ProtectionPolicy } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { conflict, invalid, notFound } from '#server/errors.ts'
import { BootTestSchedule } from '#server/schema/boot-test.ts'
import {
  type PolicyPreviewInput,
  type ProtectionPolicyInput,
  Retention,
  type VmSelection,
} from '#server/schema/protection.ts'
import { ScheduleMoment, type ScheduleTime } from '#server/schema/schedule.ts'
import { keptPoints, type Reason } from './retention.ts'
import { nextDue, nextOfAll } from './schedule.ts'

const mostPolicies = 100

/** When the policy is due, each time in its time zone. */
export const timesOf = ({ schedules, timeZone }: Pick<ProtectionPolicy, 'schedules' | 'timeZone'>): ScheduleTime[] =>
  z
    .array(ScheduleMoment)
    .parse(schedules)
    .map((moment) => ({ ...moment, timeZone }))

export const retentionOf = ({ retention }: Pick<ProtectionPolicy, 'retention'>): Retention => Retention.parse(retention)

/** How it tests what it made; null: not at all. */
export const bootTestOfPolicy = ({ bootTest }: Pick<ProtectionPolicy, 'bootTest'>): BootTestSchedule | null =>
  BootTestSchedule.nullable().parse(bootTest)

export const nextBootTest = (
  { bootTest, timeZone }: Pick<ProtectionPolicyInput, 'bootTest' | 'timeZone'>,
  after: Date,
): Date | null => bootTest && nextDue({ ...bootTest, timeZone }, after)

/** As its row has it. */
const columnsOf = (input: ProtectionPolicyInput) => ({ ...input, bootTest: input.bootTest ?? Prisma.DbNull })

/** @throws conflict when the name is taken, invalid when it selects nothing, not-found without its datastore */
export async function createPolicy(
  tx: Tx,
  tenantId: string | null,
  input: ProtectionPolicyInput,
  by: { name: string; operator: boolean },
): Promise<{ id: string }> {
  await demandSound(tx, tenantId, input)
  const count = await tx.protectionPolicy.count({ where: { tenantId } })
  if (count >= mostPolicies) throw conflict(`There are ${count} policies already.`, 'Delete one that is not needed.')
  const { id } = await tx.protectionPolicy.create({
    data: {
      ...columnsOf(input),
      ...{ tenantId, createdBy: by.name, madeBy: by.operator ? 'operator' : 'tenant' },
      nextAt: nextOfAll(timesOf(input), new Date()),
      bootTestNextAt: nextBootTest(input, new Date()),
    },
    select: { id: true },
  })
  await syncProtections(tx)
  return { id }
}

export async function editPolicy(tx: Tx, policy: ProtectionPolicy, input: ProtectionPolicyInput): Promise<void> {
  await demandSound(tx, policy.tenantId, input, policy.id)
  const now = new Date()
  const isSameTime =
    policy.enabled === input.enabled &&
    JSON.stringify(timesOf(policy)) === JSON.stringify(timesOf({ ...input, schedules: input.schedules }))
  const areSameTests =
    policy.enabled === input.enabled &&
    policy.timeZone === input.timeZone &&
    JSON.stringify(bootTestOfPolicy(policy)) === JSON.stringify(input.bootTest)
  await tx.protectionPolicy.update({
    where: { id: policy.id },
    data: {
      ...columnsOf(input),
      ...(isSameTime ? {} : { timesSince: now, nextAt: nextOfAll(timesOf(input), now) }),
      ...(areSameTests ? {} : { bootTestNextAt: nextBootTest(input, now) }),
    },
  })
  // What was due by the times before is not made up for.
  if (!isSameTime) await tx.protection.updateMany({ where: { policyId: policy.id }, data: { dueAt: null, attempt: 0 } })
  if (!areSameTests) {
    await tx.protection.updateMany({
      where: { policyId: policy.id },
      data: { bootTestDueAt: null, bootTestAttempt: 0 },
    })
  }
  await syncProtections(tx)
}

async function demandSound(tx: Tx, tenantId: string | null, input: ProtectionPolicyInput, id?: string): Promise<void> {
  if (!input.allVms && input.tags.length === 0 && input.vmIds.length === 0) {
    throw invalid('The policy selects no VM: give a tag, choose VMs, or take all of them.')
  }
  const datastore = await tx.datastore.findUnique({ where: { id: input.datastoreId }, select: { id: true } })
  if (!datastore) throw notFound('datastore', input.datastoreId)
  const taken = await tx.protectionPolicy.count({
    where: { tenantId, name: input.name, ...(id ? { id: { not: id } } : {}) },
  })
  if (taken > 0) throw conflict(`There is a policy ${input.name} already.`, 'Choose another name.')
}

/** Everybody under the policy is due now. */
export async function runPolicy(tx: Tx, id: string, now: Date): Promise<number> {
  await syncProtections(tx)
  return (await tx.protection.updateMany({ where: { policyId: id }, data: { dueAt: now, attempt: 0 } })).count
}

/** Any number names the fleet's one keeping in step; see below. */
const turnKey = 7_305_817

/** A clone that shares blocks can't be backed up until it is kept on its own; until then it is under no policy. */
const selects = Prisma.sql`(vm.tenant_id IS NOT DISTINCT FROM policy.tenant_id AND vm.stands_on_id IS NULL
  AND (policy.all_vms OR vm.tags && policy.tags OR vm.id = ANY (policy.vm_ids)))`

/** Brings the VMs under each policy in step with whom it selects: VMs come, go, change their tags and tenants. */
export async function syncProtections(tx: Tx): Promise<void> {
  // One at a time: two would insert the same rows.
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${turnKey})`
  await tx.$executeRaw`
    DELETE FROM protection USING protection_policy AS policy, vm
    WHERE policy.id = policy_id AND vm.id = vm_id AND NOT ${selects}`
  await tx.$executeRaw`
    INSERT INTO protection (policy_id, vm_id)
    SELECT policy.id, vm.id FROM protection_policy AS policy
    JOIN vm ON (vm.tenant_id = policy.tenant_id OR (vm.tenant_id IS NULL AND policy.tenant_id IS NULL)) AND ${selects}
    WHERE NOT EXISTS (SELECT FROM protection WHERE policy_id = policy.id AND vm_id = vm.id)
    ON CONFLICT DO NOTHING`
}

/** Policies as the page lists them, by tenant and name. */
export async function listPolicies(tx: Tx) {
  const rows = await tx.protectionPolicy.findMany({
    orderBy: [{ tenantId: 'asc' }, { name: 'asc' }],
    include: {
      tenant: { select: { id: true, name: true } },
      datastore: { select: { id: true, name: true } },
      _count: { select: { protections: true, recoveryPoints: true } },
    },
  })
  return rows.map(({ _count, ...row }) => ({
    ...row,
    schedules: z.array(ScheduleMoment).parse(row.schedules),
    retention: retentionOf(row),
    bootTest: bootTestOfPolicy(row),
    vmCount: _count.protections,
    recoveryPointCount: _count.recoveryPoints,
  }))
}

const shownVms = 300
const shownPoints = 300

export interface PolicyPreview {
  vms: { id: string; name: string; tags: string[]; selected: 'all' | 'tag' | 'name' | null }[]
  selectedCount: number
  vmCount: number
  tags: string[]
  /** Of the policy that is edited, newest first; null reasons: it goes */
  points: { id: string; vmName: string; takenAt: Date; reasons: readonly Reason[] | null }[]
  keptCount: number
  pointCount: number
}

/** What a policy would select and keep, before it is saved. */
export async function previewPolicy(tx: Tx, input: PolicyPreviewInput): Promise<PolicyPreview> {
  const selected = selection(input)
  const vms = await tx.$queryRaw<PolicyPreview['vms']>`
    SELECT id::text, name, tags, ${selected} AS selected FROM vm
    WHERE tenant_id IS NOT DISTINCT FROM ${input.tenantId}
    ORDER BY ${selected} IS NULL, name LIMIT ${shownVms}`
  const [counted] = await tx.$queryRaw<{ all: number; selected: number }[]>`
    SELECT count(*)::int AS all, count(${selected})::int AS selected FROM vm
    WHERE tenant_id IS NOT DISTINCT FROM ${input.tenantId}`
  const tags = await tx.$queryRaw<{ tag: string }[]>`
    SELECT DISTINCT unnest(tags) AS tag FROM vm WHERE tenant_id IS NOT DISTINCT FROM ${input.tenantId} ORDER BY tag LIMIT 200`
  const points = input.policyId
    ? await tx.recoveryPoint.findMany({
        where: { policyId: input.policyId, tenantId: input.tenantId },
        orderBy: [{ takenAt: 'desc' }, { id: 'desc' }],
        select: { id: true, vmUuid: true, vmName: true, takenAt: true },
      })
    : []
  const kept = keptByVm(points, input.retention, input.timeZone)
  return {
    ...{ vms, selectedCount: counted?.selected ?? 0, vmCount: counted?.all ?? 0, tags: tags.map(({ tag }) => tag) },
    points: points
      .slice(0, shownPoints)
      .map(({ id, vmName, takenAt }) => ({ id, vmName, takenAt, reasons: kept.get(id) ?? null })),
    ...{ keptCount: kept.size, pointCount: points.length },
  }
}

/** Why the policy takes a VM, as SQL; null where it does not. */
const selection = ({ allVms, tags, vmIds }: VmSelection) => Prisma.sql`
  CASE WHEN vm.stands_on_id IS NOT NULL THEN NULL
    WHEN ${allVms} THEN 'all' WHEN vm.id = ANY (${vmIds}::uuid[]) THEN 'name' WHEN vm.tags && ${tags}::text[] THEN 'tag' END`

/** Retention is of each VM alone. */
export function keptByVm(
  points: readonly { id: string; vmUuid: string; takenAt: Date }[],
  retention: Retention,
  timeZone: string,
): Map<string, readonly Reason[]> {
  const kept = new Map<string, readonly Reason[]>()
  for (const ofVm of Map.groupBy(points, ({ vmUuid }) => vmUuid).values()) {
    for (const [id, reasons] of keptPoints(ofVm, retention, timeZone)) kept.set(id, reasons)
  }
  return kept
}
