import type { StepContext } from './define.ts'

type Context = Pick<StepContext<unknown, object>, 'db' | 'operation'>

/** A start that only makes the guest ready, as a backup of a VM that is off does, is followed by its pause at once. */
const madeReadyMs = 1_000

/** Whether the VM's guest ran after the operation had ended: its disks are then what the guest has made of them. */
export async function ranSince({ db, operation: { id, targetId } }: Context): Promise<boolean> {
  const where = { id }
  const { finishedAt } = await db.operation.findUniqueOrThrow({ where, select: { finishedAt: true } })
  if (finishedAt === null) return false
  const starts = await db.operation.count({
    where: {
      ...{ targetKind: 'vm', targetId, id: { gt: id }, kind: 'power-vm', state: 'succeeded' },
      input: { path: ['action'], equals: 'start' },
    },
  })
  if (starts > 0) return true
  const events = await db.vmEvent.findMany({
    where: { vmId: targetId, at: { gte: finishedAt }, kind: { in: ['started', 'suspended', 'resumed'] } },
    orderBy: [{ at: 'asc' }, { id: 'asc' }],
    select: { kind: true, at: true },
  })
  return guestRan(events)
}

export function guestRan(events: readonly { kind: string; at: Date }[]): boolean {
  return events.some(({ kind, at }, index) => {
    const next = events[index + 1]
    const isMadeReady = next?.kind === 'suspended' && next.at.getTime() - at.getTime() < madeReadyMs
    return kind === 'resumed' || (kind === 'started' && !isMadeReady)
  })
}
