import type { Tx } from '#server/db.ts'
import { type Moves, readMoves } from './migration-candidate.ts'
import type { MoveWay } from './migration-saved.ts'

/** Where each VM of a host goes when it is drained, or why it can't. */
export interface DrainItem {
  vmId: string
  name: string
  state: string
  to: {
    hostId: string
    name: string
    simulated: boolean
    way: MoveWay
    copiedBytes: number
    totalMs: number | null
  } | null
  /** Of the best refused candidates, when there is no destination */
  reasons: string[]
}

/**
 * Plans in order, the largest first, and counts what it has promised already; of the eligible hosts it takes one to which
 * the VM need not stand still first, then one of the same site, then the one with the least to copy, then the one with
 * the most memory left.
 * @param mayStandStill the VMs that may stand still while they move; all where nobody has been asked yet
 */
export async function planDrain(
  tx: Tx,
  hostId: string,
  mayStandStill: (vmId: string) => boolean = () => true,
): Promise<DrainItem[]> {
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
    const place =
      state === 'creating' ? { to: null, reasons: [stillMade] } : bestOf(moves, id, hostId, mayStandStill(id))
    return { vmId: id, name, state, ...place }
  })
}

const unasked =
  'Its snapshots lie inside its disk, so it would stand still while it moves, and nobody was asked about that: drain the host again.'
const stillMade = 'It is still being created: drain the host again when it is there.'

function bestOf(moves: Moves, vmId: string, hostId: string, mayStandStill: boolean): Pick<DrainItem, 'to' | 'reasons'> {
  const source = moves.host(hostId)
  const judged = moves.hosts
    .filter((host) => host.id !== hostId)
    .map((host) => {
      const freeBytes = host.memoryFreeBytes - host.reservedMemoryBytes
      const verdict = moves.judge(vmId, host.id)
      const isUnasked = verdict.eligible && verdict.way === 'saved' && !mayStandStill
      return { host, freeBytes, verdict, reasons: isUnasked ? [unasked] : verdict.reasons }
    })
  const [best] = judged
    .filter(({ reasons }) => reasons.length === 0)
    .toSorted(
      (a, b) =>
        Number(a.verdict.way === 'saved') - Number(b.verdict.way === 'saved') ||
        Number(b.host.siteId === source.siteId) - Number(a.host.siteId === source.siteId) ||
        a.verdict.copiedBytes - b.verdict.copiedBytes ||
        b.freeBytes - a.freeBytes,
    )
  if (!best) return { to: null, reasons: judged.map(({ host, reasons }) => `${host.name}: ${reasons.join(' ')}`) }
  moves.promise(vmId, best.host.id)
  const { way, copiedBytes, estimate } = best.verdict
  return {
    to: {
      hostId: best.host.id,
      name: best.host.name,
      simulated: best.host.simulated,
      way,
      copiedBytes,
      totalMs: estimate?.totalMs ?? null,
    },
    reasons: [],
  }
}
