import { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import {
  type BootState,
  bootStates,
  type ProtectionList,
  type ProtectionState,
  protectionStates,
} from '#server/schema/protection.ts'
import { timesOf } from './protection-policy.ts'
import { lastOfAll, nextOfAll } from './schedule.ts'

/** How one policy does for a VM. */
export interface VmPolicy {
  id: string
  name: string
  state: ProtectionState
  datastoreName: string
  /** The newest recovery point in its datastore */
  goodAt: string | null
  nextAt: string
  /** When its newest recovery point is tested next */
  bootTestAt: string | null
  /** Why there was none the last time */
  failure: string | null
  failedAt: string | null
  isRunning: boolean
  /** A time that has passed without a backup */
  missedAt: string | null
}

export interface ProtectionRow {
  id: string
  name: string
  tenantId: string | null
  tenantName: string | null
  state: ProtectionState
  /** The newest recovery point anywhere */
  goodAt: Date | null
  recoveryPoints: number
  policies: VmPolicy[]
  /** What its last boot test came to, and when one last proved something, and how long that took */
  boot: BootState
  bootReason: string | null
  provenAt: Date | null
  provenMs: number | null
}

export interface ProtectionPage {
  rows: ProtectionRow[]
  total: number
  next: number | null
}

export interface ProtectionCounts {
  byState: Record<ProtectionState, number>
  byBoot: Record<BootState, number>
  byTenant: { tenantId: string | null; tenantName: string | null; byState: Record<ProtectionState, number> }[]
  /** When a VM may be late next without anything else changing */
  lateAt: Date | null
}

const rankOf = (state: ProtectionState) => protectionStates.indexOf(state)
const stateOf = (rank: number): ProtectionState => protectionStates[rank] ?? 'protected'
const minuteMs = 60_000

/** The times by which each policy's VMs must have a backup by now, and when the next of them is missed. */
async function readMoments(tx: Tx, now: Date) {
  const policies = await tx.protectionPolicy.findMany({
    where: { enabled: true },
    select: { id: true, schedules: true, timeZone: true, lateAfterMinutes: true },
  })
  return policies.map((policy) => {
    const graceMs = policy.lateAfterMinutes * minuteMs
    const judged = new Date(now.getTime() - graceMs)
    const times = timesOf(policy)
    return {
      id: policy.id,
      lateBefore: lastOfAll(times, judged),
      lateAt: new Date(nextOfAll(times, judged).getTime() + graceMs),
    }
  })
}

/** Each VM in the scope with the worst of its policies' states. Beneath it the rules of what late and failing mean. */
const judgedVms = (moments: readonly { id: string; lateBefore: Date }[], vmId?: string) => Prisma.sql`
  moment (policy_id, late_before) AS (
    SELECT * FROM unnest(${moments.map(({ id }) => id)}::uuid[], ${moments.map(({ lateBefore }) => lateBefore)}::timestamptz[])),
  under AS (
    SELECT protection.*, policy.name, policy.next_at, policy.boot_test_next_at, datastore.name AS datastore_name, good.taken_at AS good_at,
      CASE WHEN late_before >= greatest(protection.since, policy.times_since)
        AND coalesce(good.taken_at, '-infinity') < late_before THEN late_before END AS missed_at,
      coalesce(protection.failed_at >= coalesce(good.taken_at, '-infinity'), false) AS failing
    FROM protection
    JOIN protection_policy AS policy ON policy.id = protection.policy_id
    JOIN datastore ON datastore.id = policy.datastore_id
    JOIN moment ON moment.policy_id = policy.id
    JOIN vm ON vm.id = protection.vm_id
    LEFT JOIN LATERAL (
      SELECT taken_at FROM recovery_point
      WHERE vm_id = protection.vm_id AND datastore_id = policy.datastore_id AND tenant_id IS NOT DISTINCT FROM vm.tenant_id
      ORDER BY taken_at DESC LIMIT 1) AS good ON true
    ${onlyVm(vmId)}),
  ranked AS (
    SELECT under.*, CASE WHEN failing THEN ${rankOf('failing')} WHEN missed_at IS NOT NULL THEN ${rankOf('late')}
      WHEN good_at IS NULL THEN ${rankOf('waiting')} ELSE ${rankOf('protected')} END::int AS rank
    FROM under),
  judged AS (
    SELECT vm.id, vm.name, vm.tenant_id, coalesce(worst.rank, ${rankOf('unprotected')})::int AS rank,
      coalesce(tested.outcome, 'untested') AS boot, tested.reason AS boot_reason
    FROM vm LEFT JOIN (SELECT vm_id, min(rank) AS rank FROM ranked GROUP BY vm_id) AS worst ON worst.vm_id = vm.id
    LEFT JOIN (SELECT DISTINCT ON (vm_id) vm_id, tenant_id, outcome, reason FROM boot_test
      WHERE outcome <> 'running' ORDER BY vm_id, asked_at DESC) AS tested
      ON tested.vm_id = vm.id AND tested.tenant_id IS NOT DISTINCT FROM vm.tenant_id
    ${onlyVm(vmId)})`

const onlyVm = (vmId: string | undefined) => (vmId ? Prisma.sql`WHERE vm.id = ${vmId}::uuid` : Prisma.empty)

interface CountRow {
  id: string | null
  name: string | null
  rank: number
  boot: BootState
  count: number
}

/** How well the VMs in the scope are protected, in numbers. */
export async function countProtection(tx: Tx, now: Date): Promise<ProtectionCounts> {
  const moments = await readMoments(tx, now)
  const rows = await tx.$queryRaw<CountRow[]>`
    WITH ${judgedVms(moments)}
    SELECT judged.tenant_id AS id, tenant.name, rank, boot, count(*)::int AS count FROM judged
    LEFT JOIN tenant ON tenant.id = judged.tenant_id GROUP BY 1, 2, 3, 4 ORDER BY tenant.name NULLS LAST`
  const none = () => Object.fromEntries(protectionStates.map((state) => [state, 0])) as Record<ProtectionState, number>
  const byState = none()
  const byBoot = Object.fromEntries(bootStates.map((state) => [state, 0])) as Record<BootState, number>
  const byTenant = new Map<string | null, ProtectionCounts['byTenant'][number]>()
  for (const { id, name, rank, boot, count } of rows) {
    const tenant = byTenant.get(id) ?? { tenantId: id, tenantName: name, byState: none() }
    byTenant.set(id, tenant)
    tenant.byState[stateOf(rank)] += count
    byState[stateOf(rank)] += count
    byBoot[boot] += count
  }
  const lateAt = moments.map((moment) => moment.lateAt.getTime())
  return {
    byState,
    byBoot,
    byTenant: [...byTenant.values()],
    lateAt: lateAt.length > 0 ? new Date(Math.min(...lateAt)) : null,
  }
}

/** VMs with how they are protected, the worst first. */
export async function listProtection(
  tx: Tx,
  filter: ProtectionList & { vmId?: string },
  now: Date,
): Promise<ProtectionPage> {
  const first = filter.cursor ?? 0
  const moments = await readMoments(tx, now)
  const wanted = [
    filter.states ? Prisma.sql`rank = ANY (${filter.states.map(rankOf)}::int[])` : null,
    filter.boot ? Prisma.sql`boot = ${filter.boot}` : null,
    filter.text ? Prisma.sql`judged.name ILIKE ${`%${filter.text.replace(/[\\%_]/g, '\\$&')}%`}` : null,
    filter.tenantId ? Prisma.sql`judged.tenant_id = ${filter.tenantId}` : null,
    filter.policyId
      ? Prisma.sql`EXISTS (SELECT FROM protection WHERE vm_id = judged.id AND policy_id = ${filter.policyId}::uuid)`
      : null,
  ].filter((part) => part !== null)
  const where = wanted.length > 0 ? Prisma.sql`WHERE ${Prisma.join(wanted, ' AND ')}` : Prisma.empty
  const rows = await tx.$queryRaw<(Omit<ProtectionRow, 'state'> & { rank: number; total: number })[]>`
    WITH ${judgedVms(moments, filter.vmId)},
    page AS (
      SELECT judged.*, count(*) OVER ()::int AS total FROM judged ${where}
      ORDER BY rank, name, id LIMIT ${filter.limit} OFFSET ${first})
    SELECT page.id::text, page.name, page.tenant_id AS "tenantId", tenant.name AS "tenantName", page.rank, total,
      points.taken_at AS "goodAt", coalesce(points.count, 0)::int AS "recoveryPoints",
      page.boot, page.boot_reason AS "bootReason", proven.ended_at AS "provenAt", proven.took_ms AS "provenMs",
      coalesce(policies.list, '[]') AS policies
    FROM page
    LEFT JOIN (
      SELECT vm_id, json_agg(json_build_object('id', policy_id, 'name', name, 'datastoreName', datastore_name,
        'state', (${[...protectionStates]}::text[])[rank + 1], 'goodAt', good_at, 'nextAt', least(due_at, next_at),
        'bootTestAt', least(boot_test_due_at, boot_test_next_at),
        'failure', failure, 'failedAt', CASE WHEN failing THEN failed_at END,
        'isRunning', operation_id IS NOT NULL, 'missedAt', missed_at) ORDER BY rank, name) AS list
      FROM ranked WHERE vm_id IN (SELECT id FROM page) GROUP BY vm_id) AS policies ON policies.vm_id = page.id
    LEFT JOIN tenant ON tenant.id = page.tenant_id
    LEFT JOIN LATERAL (
      SELECT max(taken_at) AS taken_at, count(*) FROM recovery_point
      WHERE vm_id = page.id AND recovery_point.tenant_id IS NOT DISTINCT FROM page.tenant_id) AS points ON true
    LEFT JOIN LATERAL (
      SELECT ended_at, restore_ms + boot_ms AS took_ms FROM boot_test
      WHERE vm_id = page.id AND boot_test.tenant_id IS NOT DISTINCT FROM page.tenant_id AND outcome = 'proven'
      ORDER BY asked_at DESC LIMIT 1) AS proven ON true
    ORDER BY page.rank, page.name, page.id`
  const total = rows[0]?.total ?? 0
  const next = first + rows.length
  return {
    total,
    next: rows.length > 0 && next < total ? next : null,
    rows: rows.map(({ rank, total: _, ...row }) => ({ ...row, state: stateOf(rank) })),
  }
}
