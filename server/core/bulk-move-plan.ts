import type { Vm } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { readMoves } from './migration-candidate.ts'
import type { MoveWay } from './migration-saved.ts'

/** How one of many would move to a host, or why it can't. */
export interface PlannedMove {
  vmId: string
  name: string
  /** Null: it stays */
  way: MoveWay | null
  totalMs: number | null
  reasons: string[]
}

/** In order, counting what is promised already. */
export async function planMoves(tx: Tx, vms: readonly Vm[], hostId: string): Promise<PlannedMove[]> {
  const moves = await readMoves(
    tx,
    vms.map(({ id }) => id),
  )
  return vms.map(({ id, name }) => {
    const { eligible, way, estimate, reasons } = moves.judge(id, hostId)
    if (eligible) moves.promise(id, hostId)
    return { vmId: id, name, way: eligible ? way : null, totalMs: estimate?.totalMs ?? null, reasons }
  })
}
