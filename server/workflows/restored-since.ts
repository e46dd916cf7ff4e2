import type { Operation, OperationTrace } from '#prisma/generated/client.ts'
import { conflict } from '#server/errors.ts'
import { RestoreVmPlan } from '#server/schema/backup.ts'
import { OperationError } from '#server/schema/operation.ts'
import type { StepContext } from './define.ts'
import { Leftover } from './record.ts'
import { revertSnapshot } from './revert-snapshot.ts'

type Context = Pick<StepContext<unknown, object>, 'db' | 'operation'>
type Ended = Operation & { trace: OperationTrace | null }

const revertIndex = revertSnapshot.stepNames.indexOf('revert')

/** Which disks are not any more what a restore has left: whatever of it is cleaned up late must keep off them. */
export interface RestoredSince {
  any: boolean
  all: boolean
  has(target: string): boolean
}

/**
 * What later restores, and reverts to snapshots, have made of the VM's disks.
 * @throws conflict when one has left them half written, which must be cleaned up first: it stands on what was before; or
 * when nobody can tell what a revert that broke off has made of them
 */
export async function restoredSince(context: Context, writeIndex: number): Promise<RestoredSince> {
  const { db, operation } = context
  const later = await db.operation.findMany({
    where: {
      ...{ targetKind: 'vm', targetId: operation.targetId, id: { gt: operation.id }, finishedAt: { not: null } },
      kind: { in: ['restore-vm', 'revert-snapshot'] },
    },
    include: { trace: true },
  })
  const disks = later.filter((each) => stands(each, writeIndex)).map(disksOf)
  const all = disks.includes('all')
  if (!all && later.some((each) => isHalf(each, writeIndex))) {
    throw conflict(
      `A later restore has left the disks of ${operation.targetName} half written.`,
      'Clean up what that one left behind first.',
    )
  }
  if (!all && later.some(mayHaveReverted)) {
    throw conflict(
      `A later revert of ${operation.targetName} to a snapshot failed, and may have changed its disks.`,
      'Revert it once more or restore all of its disks, then clean up.',
    )
  }
  const targets = new Set(disks.flat())
  return { any: targets.size > 0, all, has: (target) => all || targets.has(target) }
}

function stands({ kind, state, stepIndex, error }: Ended, writeIndex: number): boolean {
  if (state === 'succeeded') return true
  if (kind === 'revert-snapshot') return stepIndex > revertIndex
  if (stepIndex < writeIndex) return false
  // Failing after it had written it did not write back; of one that was lost nobody can tell.
  const isLost = error !== null && OperationError.safeParse(error).data?.step === null
  return stepIndex > writeIndex || isLost
}

const isHalf = ({ kind, trace }: Ended, writeIndex: number) =>
  kind === 'restore-vm' && (Leftover.safeParse(trace?.leftover).data?.stepIndex ?? -1) >= writeIndex

/** Also one that the hypervisor refused: it goes through the disks one by one. */
const mayHaveReverted = ({ kind, state, stepIndex }: Ended) =>
  kind === 'revert-snapshot' && state !== 'succeeded' && stepIndex === revertIndex

function disksOf({ kind, input }: Ended): string[] | 'all' {
  if (kind !== 'restore-vm') return 'all'
  return RestoreVmPlan.safeParse(input).data?.disks ?? 'all'
}
