import type { Tx } from '#server/db.ts'
import { type Moves, readMoves } from './migration-candidate.ts'

/** Where each VM of a host goes when it is drained, or why it can't. */
export interface DrainItem {
  vmId: string
  name: string
  state: string
  to: { hostId: string; name: string; simulated: boolean; copiedBytes: number; totalMs: number | null } | null
  /** Of the best refused candidates, when there is no destination */
  reasons: string[]
}

/**
 * Plans in order, the largest first, and counts what it has promised already; of the eligible hosts it takes one of the
 * same site first, then the one with the least to copy, then the one with the most memory left.
 */
export async function planDrain(tx: Tx, hostId: string): Promise<DrainItem[]> {
  const vms = await tx.vm.findMany({
    where: { hostId },
    select: { id: true, name: true, state: true },
    orderBy: [{ memoryBytes: 'desc' }, { name: 'asc' }],
  })
  const moves = await readMoves(
    tx,
    vms.map((vm) => vm.id),
  )
  return vms.map(({ id, name, state }) => {
    // Every other host would say the same.
    const place = state === 'creating' ? { to: null, reasons: [stillMade] } : bestOf(moves, id, hostId)
    return { vmId: id, name, state, ...place }
  })
}

const stillMade = 'It is still being created: drain the host again when it is there.'

function bestOf(moves: Moves, vmId: string, hostId: string): Pick<DrainItem, 'to' | 'reasons'> {
  const source = moves.host(hostId)
  const judged = moves.hosts
    .filter((host) => host.id !== hostId)
    .map((host) => {
      const freeBytes = host.memoryFreeBytes - host.reservedMemoryBytes
      return { host, freeBytes, verdict: moves.judge(vmId, host.id) }
    })
  const [best] = judged
    .filter(({ verdict }) => verdict.eligible)
    .toSorted(
      (a, b) =>
        Number(b.host.siteId === source.siteId) - Number(a.host.siteId === source.siteId) ||
        a.verdict.copiedBytes - b.verdict.copiedBytes ||
        b.freeBytes - a.freeBytes,
    )
  if (!best)
    return { to: null, reasons: judged.map(({ host, verdict }) => `${host.name}: ${verdict.reasons.join(' ')}`) }
  moves.promise(vmId, best.host.id)
  const { copiedBytes, estimate } = best.verdict
  return {
    to: {
      hostId: best.host.id,
      name: best.host.name,
      simulated: best.host.simulated,
      copiedBytes,
      totalMs: estimate?.totalMs ?? null,
    },
    reasons: [],
  }
}
