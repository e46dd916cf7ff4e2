import type { Prisma } from '#prisma/generated/client.ts'
import { cleanUpOf } from '#server/core/operation.ts'
import { askByItself, type Fault } from '#server/core/scheduled-request.ts'
import type { Tx } from '#server/db.ts'
import { OperationError } from '#server/schema/operation.ts'
import { bootTestVm } from '../boot-test-vm.ts'
import type { Leftover } from '../record.ts'

const settleMs = 60_000
const againAfterMs = 30 * 60_000

/**
 * Asks for one throw-away VM to be removed whose test has ended without that: an upgrade ends what is at work without a
 * look at its host, and a host may be away just then. One that somebody has taken for their own meanwhile stays.
 * @returns whether it was asked for
 */
export async function sweepBootTest(tx: Tx, now: Date, fault: Fault): Promise<boolean> {
  const [before, notSince] = [settleMs, againAfterMs].map((ms) => new Date(now.getTime() - ms))
  const [left] = await tx.$queryRaw<{ id: string }[]>`
    SELECT boot_test.id::text FROM boot_test JOIN operation ON operation.id = boot_test.id
    JOIN host ON host.id = operation.host_id AND host.state = 'connected'
    WHERE NOT machine_gone AND operation.state = 'failed' AND operation.finished_at <= ${before}
      AND NOT EXISTS (SELECT FROM vm
        WHERE vm.uuid = machine_uuid AND (vm.tenant_id IS NOT NULL OR vm.tags <> '{}' OR vm.protected))
      AND NOT EXISTS (SELECT FROM operation AS tried
        WHERE tried.target_id = operation.target_id AND tried.kind = 'undo-operation'
          AND tried.input ->> 'operationId' = operation.id::text AND tried.created_at > ${notSince})
    LIMIT 1 FOR UPDATE OF boot_test SKIP LOCKED`
  if (!left) return false
  const row = await tx.operation.findUniqueOrThrow({ where: { id: left.id } })
  const asker = { id: 'boot-test', name: 'Boot tests', action: 'operation.clean-up', detail: { leftBehind: true } }
  const target = { kind: 'operation', id: row.id, name: row.targetName, tenantId: row.tenantId }
  const answer = await askByItself({ tx, fault }, asker, target, async () => {
    const error = OperationError.parse(row.error)
    const told = { ...error, left: error.left ?? ['its throw-away VM'] }
    await rememberLeft(tx, row.id)
    const operation = await tx.operation.update({ where: { id: row.id }, data: { error: told } })
    return { ...cleanUpOf(operation), exclusive: false }
  })
  return 'operationId' in answer
}

/** From its last step that anything can be left of; what there is, is known by the plan alone. */
async function rememberLeft(tx: Tx, operationId: string): Promise<void> {
  const known = await tx.operationTrace.findUnique({ where: { operationId }, select: { leftover: true } })
  if (known?.leftover) return
  const leftover: Leftover = { stepIndex: bootTestVm.stepNames.indexOf('boot'), memory: {} }
  const trace = { leftover: leftover as Prisma.InputJsonObject }
  await tx.operationTrace.upsert({ where: { operationId }, create: { operationId, ...trace }, update: trace })
}
