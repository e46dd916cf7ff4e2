import type { Vm } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import { liveStatesSql } from './live-state.ts'
import type { NewOperation } from './operation.ts'
import type { PolicyTurn } from './protection-round.ts'
import { askByItself, type Fault } from './scheduled-request.ts'

const againAfterMs = 60_000
/** What keeps one from it, such as a full pool, is hardly gone in a minute. */
const failedAfterMs = 30 * 60_000

/** Of the same VM, tenant and datastore, whole and valid. */
const newestAfter = (tx: Tx, standsOnId: string) =>
  tx.$queryRaw<{ id: string; datastoreId: string }[]>`
    SELECT point.id::text, point.datastore_id::text AS "datastoreId" FROM recovery_point AS base
    JOIN recovery_point AS point ON point.vm_uuid = base.vm_uuid AND point.datastore_id = base.datastore_id
      AND point.tenant_id IS NOT DISTINCT FROM base.tenant_id AND point.taken_at > base.taken_at
    WHERE base.id = ${standsOnId}::uuid AND point.invalid_at IS NULL
      AND NOT EXISTS (SELECT FROM recovery_point_damage AS damage WHERE damage.recovery_point_id = point.id)
    ORDER BY point.taken_at DESC LIMIT 1`

/** @throws conflict where there is nothing newer, or it does not follow any more */
export async function followOf(tx: Tx, vm: Vm): Promise<NewOperation> {
  const { standsOnId, follows, name } = vm
  if (!follows || !standsOnId) throw conflict(`${name} does not follow its source any more.`)
  if (vm.state !== 'off') throw conflict(`${name} is ${vm.state}: it follows its source while it is off.`)
  const [newer] = await newestAfter(tx, standsOnId)
  if (!newer) throw conflict(`${name} stands on the newest recovery point already.`)
  // Held until the operation is written down, after which nobody removes it.
  await tx.$queryRaw`SELECT FROM recovery_point WHERE id = ${newer.id}::uuid FOR KEY SHARE`
  return {
    kind: 'follow-source',
    target: { kind: 'vm', id: vm.id, name },
    tenantId: vm.tenantId,
    hostId: vm.hostId,
    input: { recoveryPointId: newer.id, fromRecoveryPointId: standsOnId, datastoreId: newer.datastoreId },
  }
}

/** In the order in which one leads to the next. */
export const followTurns: readonly PolicyTurn[] = [endStarted, askToFollow]

/** Whoever started it by another way has ended it as well. */
async function endStarted(tx: Tx): Promise<boolean> {
  await tx.vm.updateMany({
    where: { follows: true, state: { notIn: ['off', 'creating', 'unknown'] } },
    data: { follows: false },
  })
  return false
}

/** Asks for one copy that follows its source to be moved to a newer recovery point. @returns whether there was one */
export async function askToFollow(tx: Tx, now: Date, fault: Fault): Promise<boolean> {
  const failedSince = new Date(now.getTime() - failedAfterMs)
  const [due] = await tx.$queryRaw<{ id: string }[]>`
    SELECT vm.id::text FROM vm JOIN recovery_point AS base ON base.id = vm.stands_on_local_id
    WHERE vm.follows AND vm.state = 'off' AND (vm.follow_after IS NULL OR vm.follow_after <= ${now})
      AND EXISTS (SELECT FROM recovery_point AS point
        WHERE point.vm_uuid = base.vm_uuid AND point.datastore_id = base.datastore_id
          AND point.tenant_id IS NOT DISTINCT FROM base.tenant_id AND point.taken_at > base.taken_at
          AND point.invalid_at IS NULL
          AND NOT EXISTS (SELECT FROM recovery_point_damage AS damage WHERE damage.recovery_point_id = point.id))
      AND NOT EXISTS (SELECT FROM operation WHERE target_kind = 'vm' AND target_id = vm.id::text
        AND (state IN (${liveStatesSql}) OR (kind = 'follow-source' AND state = 'failed' AND finished_at > ${failedSince})))
    ORDER BY vm.id LIMIT 1 FOR UPDATE OF vm SKIP LOCKED`
  if (!due) return false
  const vm = await tx.vm.update({
    where: { id: due.id },
    data: { followAfter: new Date(now.getTime() + againAfterMs) },
  })
  const asker = {
    id: `clone ${vm.id}`,
    name: 'Following its source',
    action: 'vm.follow-source',
    detail: { follows: true },
  }
  await askByItself({ tx, fault }, asker, vm, () => followOf(tx, vm))
  return true
}
