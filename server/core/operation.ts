import type { Operation, Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import {
  isLive,
  liveStates,
  OperationError,
  type OperationKind,
  type OperationRow,
  type TargetKind,
} from '#server/schema/operation.ts'

import { findEarlier, keyTaken, type Request } from './idempotency.ts'

export interface Actor {
  kind: 'user' | 'api_key' | 'system'
  id: string | null
  name: string
}

/** Who asks, in which transaction. */
export interface Asker {
  tx: Tx
  actor: Actor
  requestId: string | null
}

/** What the operation will take at its host as soon as it is queued, so that two can't promise the same room. */
export interface Reservation {
  vcpus?: number
  memoryBytes?: number | bigint
  diskBytes?: number | bigint
}

export interface NewOperation {
  kind: OperationKind
  target: { kind: TargetKind; id: string; name: string }
  tenantId: string | null
  input: Prisma.InputJsonObject
  /** Default true: one live exclusive operation a target */
  exclusive?: boolean
  hostId?: string | null
  destinationHostId?: string | null
  reserved?: Reservation
  idempotencyKey?: string | null | undefined
  parentId?: string | null
  /** Fixed when what it makes must carry the id before the row exists */
  id?: string
}

const verbs: Record<OperationKind, string> = {
  'power-vm': 'being started or stopped',
  'create-vm': 'being created',
  'clone-vm': 'being cloned',
  'edit-vm': 'being changed',
  'edit-vm-xml': 'being changed',
  'delete-vm': 'being deleted',
  'migrate-vm': 'being migrated',
  'measure-vm': 'being measured',
  'make-template': 'being made a template of',
  'take-snapshot': 'having a snapshot taken',
  'revert-snapshot': 'being reverted to a snapshot',
  'delete-snapshot': 'having a snapshot deleted',
  'back-up-vm': 'being backed up',
  'restore-vm': 'being restored',
  'measure-restore': 'being measured',
  'restore-new-vm': 'being restored',
  'boot-test-vm': 'being tested',
  'clone-recovery-point': 'being made',
  'keep-clone': 'being kept on its own',
  'follow-source': 'being moved to a newer recovery point',
  'remove-recovery-points': 'having recovery points deleted',
  'save-archive-store': 'being changed',
  'archive-recovery-points': 'at work',
  'bring-back-recovery-point': 'having a recovery point brought back',
  'add-datastore': 'being added',
  'edit-datastore': 'being changed',
  'remove-datastore': 'being removed',
  'test-store': 'being tested',
  'verify-datastore': 'being verified',
  'compact-datastore': 'being compacted',
  'verify-archive-store': 'being verified',
  'drain-host': 'being drained',
  'test-host': 'being tested',
  'add-host': 'being added',
  'edit-host': 'being changed',
  'remove-host': 'being removed',
  'bulk-vm': 'at work',
  'undo-operation': 'being cleaned up',
}

/**
 * Writes the operation in the asker's own transaction: the row is the queue entry, the lock and the record. A worker
 * takes it up within a second of the commit. An idempotency key the same actor used before gives that operation back.
 * @throws conflict naming what already runs on the target, or when the key stands for another request
 */
export async function enqueue(asker: Asker, wanted: NewOperation): Promise<Operation> {
  const { tx, actor } = asker
  const key = wanted.idempotencyKey ?? null
  const earlier = await findEarlier(asker, { ...wanted, targetId: wanted.target.id, key })
  if (earlier) return earlier
  const [row] = await tx.operation.createManyAndReturn({
    skipDuplicates: true,
    data: [
      {
        ...(wanted.id ? { id: wanted.id } : {}),
        kind: wanted.kind,
        tenantId: wanted.tenantId,
        targetKind: wanted.target.kind,
        targetId: wanted.target.id,
        targetName: wanted.target.name,
        exclusive: wanted.exclusive ?? true,
        actorKind: actor.kind,
        actorId: actor.id,
        actorName: actor.name,
        requestId: asker.requestId,
        idempotencyKey: key,
        parentId: wanted.parentId ?? null,
        input: wanted.input,
        hostId: wanted.hostId ?? null,
        destinationHostId: wanted.destinationHostId ?? null,
        reservedVcpus: wanted.reserved?.vcpus ?? 0,
        reservedMemoryBytes: BigInt(wanted.reserved?.memoryBytes ?? 0),
        reservedDiskBytes: BigInt(wanted.reserved?.diskBytes ?? 0),
      },
    ],
  })
  if (row) return row
  throw await busy(tx, wanted.target, key)
}

/**
 * As `enqueue`, but what is wanted is made only when the request is new: judging it again would refuse what it has done
 * already.
 */
export async function enqueueOnce(
  asker: Asker,
  request: Request,
  make: () => NewOperation | Promise<NewOperation>,
): Promise<Operation> {
  const earlier = await findEarlier(asker, request)
  return earlier ?? enqueue(asker, { ...(await make()), idempotencyKey: request.key })
}

/** @throws conflict when nothing was left behind */
export function cleanUpOf(operation: Operation): NewOperation {
  const left = OperationError.safeParse(operation.error).data?.left ?? []
  if (left.length === 0) throw conflict('Nothing of this operation is left behind.')
  return {
    kind: 'undo-operation',
    target: { kind: operation.targetKind as TargetKind, id: operation.targetId, name: operation.targetName },
    tenantId: operation.tenantId,
    hostId: operation.hostId,
    input: { operationId: operation.id },
  }
}

async function busy(tx: Tx, target: NewOperation['target'], key: string | null) {
  const running = await tx.operation.findFirst({
    where: { targetKind: target.kind, targetId: target.id, exclusive: true, state: { in: [...liveStates] } },
  })
  // The actor's own operation with this key, which is no longer theirs to see.
  if (!running && key) return keyTaken()
  const what = running ? `is ${verbs[running.kind as OperationKind] ?? running.kind}` : 'has another operation running'
  const who = running ? ` (by ${running.actorName})` : ''
  return conflict(`${target.name} ${what}${who}.`, 'Wait until that has ended, or cancel it.')
}

/** Says that the operation shall stop; its worker aborts the running step, then undoes. Children are told as well. */
export async function requestCancel(tx: Tx, operation: Operation, actor: Actor): Promise<void> {
  if (!isLive(operation.state)) throw conflict('This operation has already ended.', 'Reload to see how it ended.')
  await tx.operation.updateMany({
    where: {
      OR: [{ id: operation.id }, { parentId: operation.id }],
      state: { in: [...liveStates] },
      cancelRequestedAt: null,
    },
    data: { cancelRequestedAt: new Date(), cancelRequestedBy: actor.name },
  })
  await tx.operation.updateMany({
    where: { OR: [{ id: operation.id }, { parentId: operation.id }], state: 'running' },
    data: { state: 'cancelling' },
  })
}

type ShownOperation = Omit<
  Operation,
  'input' | 'idempotencyKey' | 'reservedVcpus' | 'reservedMemoryBytes' | 'reservedDiskBytes'
>
export const hiddenColumns = {
  idempotencyKey: true,
  input: true,
  reservedVcpus: true,
  reservedMemoryBytes: true,
  reservedDiskBytes: true,
} as const

/** Rows as lists show them. The action is read out of the input, which may be large, without the rest of it. */
export async function toOperationRows(tx: Tx, rows: readonly ShownOperation[]): Promise<OperationRow[]> {
  const powerIds = rows.filter((row) => row.kind === 'power-vm').map((row) => row.id)
  const actions =
    powerIds.length === 0
      ? []
      : await tx.$queryRaw<{ id: string; action: string }[]>`
          SELECT id::text, input ->> 'action' AS action FROM operation WHERE id = ANY (${powerIds}::uuid[])`
  const actionOf = new Map(actions.map(({ id, action }) => [id, action]))
  return rows.map((row) => toOperationRow(row, actionOf.get(row.id) ?? null))
}

function toOperationRow(row: ShownOperation, action: string | null): OperationRow {
  return {
    id: row.id,
    kind: row.kind as OperationKind,
    action,
    tenantId: row.tenantId,
    targetKind: row.targetKind as TargetKind,
    targetId: row.targetId,
    targetName: row.targetName,
    actorKind: row.actorKind,
    actorName: row.actorName,
    parentId: row.parentId,
    state: row.state,
    step: row.step,
    stepIndex: row.stepIndex,
    stepCount: row.stepCount,
    phase: row.phase,
    progressDone: row.progressDone === null ? null : Number(row.progressDone),
    progressTotal: row.progressTotal === null ? null : Number(row.progressTotal),
    progressUnit: row.progressUnit as OperationRow['progressUnit'],
    ratePerSecond: row.ratePerSecond,
    remainingMs: row.remainingMs,
    result: row.result,
    error: row.error as OperationError | null,
    undone: row.undone,
    cancelRequestedBy: row.cancelRequestedBy,
    hostId: row.hostId,
    destinationHostId: row.destinationHostId,
    createdAt: row.createdAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
  }
}

/** The rows of these ids that the transaction's scope can see, newest first. */
export async function readOperationRows(tx: Tx, ids: readonly string[]): Promise<OperationRow[]> {
  if (ids.length === 0) return []
  const rows = await tx.operation.findMany({
    where: { id: { in: [...ids] } },
    orderBy: { id: 'desc' },
    omit: hiddenColumns,
  })
  return toOperationRows(tx, rows)
}
