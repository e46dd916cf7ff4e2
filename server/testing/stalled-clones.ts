import { expect } from 'vitest'
import { log } from '#server/log.ts'
import { CloneStall } from '#server/workflows/clone-stall.ts'
import { connected } from '#server/workflows/connection.ts'
import type { FleetHost, TestFleet } from './fleet.ts'
import { TestHosts } from './host-source.ts'

/** Does what a whole worker does for clones of a host that stand still: its inventory writes that down, and it resumes them. */
export async function resumeClones(
  fleet: TestFleet,
  { id: hostId, lab, name: hostName }: FleetHost,
  { workerName, names }: { workerName: string; names: readonly string[] },
): Promise<void> {
  const clones = { where: { standsOnId: { not: null }, hostId } }
  await fleet.db.vm.updateMany({ ...clones, data: { state: 'paused', stateReason: 'disk error' } })
  await fleet.db.host.update({ where: { id: hostId }, data: { workerId: workerName, state: 'connected' } })
  const hosts = new TestHosts(fleet.db)
  try {
    await connected(await hosts.open(hostId), hostName, 10_000, new AbortController().signal)
    const stall = new CloneStall({ db: fleet.db, hosts, log, workerName })
    const stalled = async () => {
      await stall.resume()
      const states = await Promise.all(names.map((name) => lab.virsh('domstate', name)))
      return states.filter((text) => text.includes('paused')).length
    }
    await expect.poll(stalled, { timeout: 60_000, interval: 200 }).toBe(0)
  } finally {
    await hosts.close()
  }
  await fleet.db.vm.updateMany({ ...clones, data: { state: 'running', stateReason: null } })
}
