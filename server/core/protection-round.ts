import type { Protection, ProtectionPolicy } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import type { ErrorCode } from '#server/errors.ts'
import { isLive, OperationError } from '#server/schema/operation.ts'
import { keptByVm, retentionOf, syncProtections, timesOf } from './protection-policy.ts'
import { removalOf } from './recovery-point-removal.ts'
import { nextOfAll } from './schedule.ts'
import { askByItself, type Fault } from './scheduled-request.ts'
import { backupOf } from './vm-request.ts'

/** A backup that failed for a passing reason is asked for again after so many minutes, and then not before it is due. */
const retryAfterMinutes = [5, 15, 60]
const passing: ReadonlySet<string> = new Set<ErrorCode>(['unavailable', 'conflict', 'internal'])
const minuteMs = 60_000
const pruneEveryMs = 86_400_000

/**
 * One piece of what policies want, in a transaction of its own, so that any number of workers share the work and none
 * of it is lost with one of them. @returns whether there was one
 */
export type PolicyTurn = (tx: Tx, now: Date, fault: Fault) => Promise<boolean>

/** In the order in which one leads to the next. */
export const policyTurns: readonly PolicyTurn[] = [markDue, settleEnded, askForDue, pruneDaily]

/** All VMs of a policy whose time has come are due; what was missed meanwhile is made up for once. */
async function markDue(tx: Tx, now: Date): Promise<boolean> {
  const [due] = await tx.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM protection_policy WHERE enabled AND next_at <= ${now}
    ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED`
  if (!due) return false
  const policy = await tx.protectionPolicy.findUniqueOrThrow({ where: { id: due.id } })
  await syncProtections(tx)
  await tx.protection.updateMany({ where: { policyId: policy.id }, data: { dueAt: now, attempt: 0 } })
  await tx.protectionPolicy.update({ where: { id: policy.id }, data: { nextAt: nextOfAll(timesOf(policy), now) } })
  return true
}

interface Key {
  policyId: string
  vmId: string
}
const whereKey = ({ policyId, vmId }: Key) => ({ policyId_vmId: { policyId, vmId } })

/** Asks for the backup of one VM that is due. How many of a host run at once is the dispatcher's to see to. */
async function askForDue(tx: Tx, now: Date, fault: Fault): Promise<boolean> {
  const [due] = await tx.$queryRaw<Key[]>`
    SELECT policy_id::text AS "policyId", vm_id::text AS "vmId" FROM protection
    JOIN protection_policy AS policy ON policy.id = policy_id AND policy.enabled
    WHERE due_at <= ${now} AND operation_id IS NULL
    ORDER BY due_at, vm_id LIMIT 1 FOR UPDATE OF protection SKIP LOCKED`
  if (!due) return false
  const found = await tx.protection.findUniqueOrThrow({ where: whereKey(due), include: { policy: true, vm: true } })
  const { policy, vm } = found
  const input = { datastoreId: policy.datastoreId, full: false, policyId: policy.id }
  const asker = askerOf(policy, 'vm.backup', { datastoreId: policy.datastoreId })
  const answer = await askByItself({ tx, fault }, asker, vm, () => backupOf(tx, vm, input))
  const data =
    'refusal' in answer ? refused(found, answer, now) : { operationId: answer.operationId, dueAt: null, failure: null }
  await tx.protection.update({ where: whereKey(due), data })
  return true
}

const askerOf = (policy: ProtectionPolicy, action: string, detail: { [field: string]: string | number }) => ({
  ...{ id: `protection-policy ${policy.id}`, name: `Protection policy ${policy.name}`, action },
  detail: { policy: policy.name, ...detail },
})

/** What can't be begun because something else goes on is no failure yet. */
function refused(protection: Protection, { refusal, code }: { refusal: string; code: string }, now: Date) {
  const again = retryOf(protection, code, now)
  return { ...again, failure: refusal, ...(again.dueAt ? {} : { failedAt: now }) }
}

function retryOf({ attempt }: Protection, code: string, now: Date): Pick<Protection, 'dueAt' | 'attempt'> {
  const minutes = passing.has(code) ? retryAfterMinutes[attempt] : undefined
  if (minutes === undefined) return { dueAt: null, attempt }
  return { dueAt: new Date(now.getTime() + minutes * minuteMs), attempt: attempt + 1 }
}

/** Takes note of how one backup ended; after a good one, what retention no longer keeps goes. */
async function settleEnded(tx: Tx, now: Date, fault: Fault): Promise<boolean> {
  const [ended] = await tx.$queryRaw<Key[]>`
    SELECT policy_id::text AS "policyId", vm_id::text AS "vmId" FROM protection
    LEFT JOIN operation ON operation.id = operation_id
    WHERE operation_id IS NOT NULL AND (operation.id IS NULL OR operation.finished_at IS NOT NULL)
    LIMIT 1 FOR UPDATE OF protection SKIP LOCKED`
  if (!ended) return false
  const found = await tx.protection.findUniqueOrThrow({ where: whereKey(ended), include: { policy: true, vm: true } })
  const operation = await tx.operation.findUnique({ where: { id: found.operationId ?? '' } })
  if (operation && isLive(operation.state)) return false
  const isGood = operation?.state === 'succeeded'
  const error = OperationError.safeParse(operation?.error).data
  const data = isGood
    ? { attempt: 0, failedAt: null, failure: null }
    : {
        // It may have come due once more meanwhile.
        ...(found.dueAt ? {} : retryOf(found, error?.code ?? 'cancelled', now)),
        failedAt: operation?.finishedAt ?? now,
        failure: error?.message ?? 'It was cancelled.',
      }
  await tx.protection.update({ where: whereKey(ended), data: { ...data, operationId: null } })
  if (isGood) await pruneVms({ tx, fault }, found.policy, found.vm.uuid)
  return true
}

/** Once a day also what belongs to VMs that are not backed up any more. */
async function pruneDaily(tx: Tx, now: Date, fault: Fault): Promise<boolean> {
  const before = new Date(now.getTime() - pruneEveryMs)
  const [due] = await tx.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM protection_policy WHERE enabled AND pruned_at < ${before}
    ORDER BY pruned_at LIMIT 1 FOR UPDATE SKIP LOCKED`
  if (!due) return false
  const policy = await tx.protectionPolicy.update({ where: { id: due.id }, data: { prunedAt: now } })
  await pruneVms({ tx, fault }, policy)
  return true
}

const mostAtOnce = 500

/** Of the policy's own recovery points, those that retention does not keep; one operation for each VM. */
async function pruneVms(
  { tx, fault }: { tx: Tx; fault: Fault },
  policy: ProtectionPolicy,
  vmUuid?: string,
): Promise<void> {
  const points = await tx.recoveryPoint.findMany({
    // Those of before it was given another datastore, or a VM another tenant, go by the same rules, apart.
    where: { policyId: policy.id, ...(vmUuid ? { vmUuid } : {}) },
    omit: { definition: true },
  })
  const kept = keptByVm(points, retentionOf(policy), policy.timeZone)
  const clones = await tx.vm.findMany({
    where: { standsOnLocalId: { in: points.map(({ id }) => id) } },
    select: { standsOnLocalId: true },
  })
  // What clones share goes when they are on their own or gone, at the latest a day later.
  const shared = new Set(clones.map(({ standsOnLocalId }) => standsOnLocalId))
  const going = points.filter(({ id }) => !kept.has(id) && !shared.has(id))
  const parts = Map.groupBy(going, (point) => [point.vmUuid, point.datastoreId, point.tenantId].join(' '))
  for (const part of parts.values()) {
    const chosen = part.slice(0, mostAtOnce)
    const [first] = chosen
    if (!first) continue
    const target = { id: first.vmId ?? first.vmUuid, name: first.vmName, tenantId: first.tenantId }
    const asker = askerOf(policy, 'vm.delete-backup', { recoveryPoints: chosen.length })
    await askByItself({ tx, fault }, asker, target, () => removalOf(tx, chosen))
  }
}
