import type { Tx } from '#server/db.ts'
import { movingVm, pathsBetween, readCandidates } from './migration-candidate.ts'
import { type Candidate, judgeCandidate, type MovingVm } from './migration-preview.ts'

/** Where each VM of a host goes when it is drained, or why it can't. */
export interface DrainItem {
  vmId: string
  name: string
  state: string
  to: { hostId: string; name: string; copiedBytes: number; totalMs: number | null } | null
  /** Of the best refused candidates, when there is no destination */
  reasons: string[]
}

/**
 * Plans in order, the largest first, and counts what it has promised already; of the eligible hosts it takes one of the
 * same site first, then the one with the least to copy, then the one with the most memory left.
 */
export async function planDrain(tx: Tx, hostId: string): Promise<DrainItem[]> {
  const vms = await tx.vm.findMany({
    where: { hostId, state: { not: 'creating' } },
    select: { id: true, name: true, state: true, memoryBytes: true, vcpuCount: true },
    orderBy: [{ memoryBytes: 'desc' }, { name: 'asc' }],
  })
  const taken = new Map<string, { memoryBytes: number; vcpus: number }>()
  const plan: DrainItem[] = []
  for (const { id, name, state } of vms) {
    const vm = await movingVm(tx, id, null)
    const hosts = await readCandidates(tx, vm)
    const source = hosts.find((host) => host.id === hostId)
    if (!source) continue
    plan.push({ vmId: id, name, state, ...(await bestOf(tx, vm, source, hosts, taken)) })
  }
  return plan
}

async function bestOf(
  tx: Tx,
  vm: MovingVm,
  source: Candidate,
  hosts: readonly Candidate[],
  taken: Map<string, { memoryBytes: number; vcpus: number }>,
): Promise<Pick<DrainItem, 'to' | 'reasons'>> {
  const pathTo = await pathsBetween(tx, source)
  const judged = hosts
    .filter((host) => host.id !== source.id)
    .map((host) => {
      const held = taken.get(host.id) ?? { memoryBytes: 0, vcpus: 0 }
      const now = {
        ...host,
        reservedMemoryBytes: host.reservedMemoryBytes + held.memoryBytes,
        reservedVcpus: host.reservedVcpus + held.vcpus,
      }
      const freeBytes = now.memoryFreeBytes - now.reservedMemoryBytes
      return { host, freeBytes, verdict: judgeCandidate(vm, source, now, pathTo(host)) }
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
  const held = taken.get(best.host.id) ?? { memoryBytes: 0, vcpus: 0 }
  taken.set(best.host.id, {
    memoryBytes: held.memoryBytes + (vm.state === 'off' ? 0 : vm.memoryBytes),
    vcpus: held.vcpus + vm.vcpuCount,
  })
  const { copiedBytes, estimate } = best.verdict
  return {
    to: { hostId: best.host.id, name: best.host.name, copiedBytes, totalMs: estimate?.totalMs ?? null },
    reasons: [],
  }
}
