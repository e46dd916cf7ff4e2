import type { Db } from '#server/db.ts'
import { handOver, removeVms } from './vm-absence.ts'

/** Which of this worker's hosts have a VM: more than one while it moves, or when a definition was left behind. */
export class Sightings {
  readonly #hostsByVm = new Map<string, Set<string>>()

  saw(hostId: string, uuid: string): void {
    const hosts = this.#hostsByVm.get(uuid)
    if (hosts) hosts.add(hostId)
    else this.#hostsByVm.set(uuid, new Set([hostId]))
  }

  /** @returns another host that has it */
  lost(hostId: string, uuid: string): string | undefined {
    const hosts = this.#hostsByVm.get(uuid)
    hosts?.delete(hostId)
    if (hosts?.size === 0) this.#hostsByVm.delete(uuid)
    return hosts?.values().next().value
  }

  /** Forgets a host that this worker no longer looks after. */
  drop(hostId: string): void {
    for (const uuid of [...this.#hostsByVm.keys()]) this.lost(hostId, uuid)
  }
}

/**
 * VMs are gone from a host: another host that has one takes it over, the others' rows go.
 * @returns the UUIDs whose rows had to stay, to be tried again
 */
export async function settleAbsent(
  db: Db,
  sightings: Sightings,
  hostId: string,
  uuids: readonly string[],
  refresh: (uuid: string, hostId: string) => void,
): Promise<string[]> {
  const gone: string[] = []
  for (const uuid of uuids) {
    const elsewhere = sightings.lost(hostId, uuid)
    if (elsewhere === undefined) gone.push(uuid)
    else {
      await handOver(db, uuid, hostId, elsewhere)
      refresh(uuid, elsewhere)
    }
  }
  const removed = new Set(await removeVms(db, hostId, gone))
  return gone.filter((uuid) => !removed.has(uuid))
}
