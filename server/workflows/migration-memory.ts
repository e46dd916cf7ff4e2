import type { Candidate, CandidateVerdict } from '#server/core/migration-preview.ts'
import { memoryFileBytes } from '#server/core/migration-storage.ts'
import { taggedName } from '#server/core/volume-name.ts'
import { conflict } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { VmFacts } from '#server/hypervisor/facts.ts'
import type { StepContext } from './define.ts'
import { requireRoom } from './pool-room.ts'
import type { Volume } from './volume-use.ts'

/** What moves with its memory saved, and where that lies meanwhile. Plain JSON. */
export interface SavedMemory {
  /** Else it was suspended, and stays so */
  wasRunning: boolean
  autostart: boolean
  /** The file at the source, and its copy at the destination */
  here: Volume
  there: Volume
}

interface Ends {
  source: HypervisorHost
  destination: HypervisorHost
  from: Candidate
  to: Candidate
}

/** Room for the file is looked for on both hosts now: while the VM stands still is no time to find out. @throws conflict */
export async function planSaved(
  { operation }: Pick<StepContext<unknown, object>, 'operation'>,
  facts: VmFacts,
  verdict: CandidateVerdict,
  { source, destination, from, to }: Ends,
): Promise<SavedMemory | null> {
  const { memoryPool: pool } = verdict
  if (verdict.way !== 'saved' || pool === null) return null
  if (await destination.readVm(facts.uuid)) {
    throw conflict(`${to.name} knows ${facts.name} already.`, 'Look which of the two is meant, and remove the other.')
  }
  const wayOut = 'Free some space there, or shut the VM down first: then its memory need not be saved.'
  const fileBytes = memoryFileBytes(facts.memoryBytes)
  const diskBytes = verdict.disks.reduce((sum, disk) => sum + (disk.poolName === pool ? disk.bytes : 0), 0)
  await requireRoom(source, from.name, pool, fileBytes, wayOut)
  await requireRoom(destination, to.name, pool, fileBytes + diskBytes, wayOut)
  const volumeIn = (host: Candidate, word: string): Volume => {
    const name = taggedName(`${facts.name}-${word}.save`, operation.id)
    const path = host.pools.find((each) => each.name === pool)?.path
    return { pool, name, path: `${path}/${name}` }
  }
  return {
    wasRunning: facts.state === 'running',
    autostart: facts.autostart,
    // Of two names, for the day when somebody mounts the same folder on both.
    here: volumeIn(from, 'memory'),
    there: volumeIn(to, 'memory-copy'),
  }
}

/**
 * none: there is no file, or what was saved to it broke off; whole: the VM can go on from it; outdated: its disks were
 * written to afterwards, so it must not; unreadable: libvirt does not take it; unknown: whether its disks were written to
 * can't be told. Of the last two nothing is thrown away.
 */
export type MemoryState = 'none' | 'unreadable' | 'unknown' | 'outdated' | 'whole'

/** Whether a file holds the VM's memory, and its disks are still as that knows them. */
export async function memoryState(
  host: HypervisorHost,
  uuid: string,
  file: Volume,
  disks: readonly { pool: string; name: string }[],
): Promise<MemoryState> {
  const found = await findAgain(host, file)
  if (!found) return 'none'
  const saved = await host.readSavedMemory(file.path)
  if (saved === null && (await host.isSaveBrokenOff(file))) return 'none'
  if (saved?.uuid !== uuid) return 'unreadable'
  const volumes = await Promise.all(disks.map((disk) => findAgain(host, disk)))
  const times = volumes.map((volume) => volume?.modifiedAtMs ?? null)
  const savedAtMs = found.modifiedAtMs
  if (savedAtMs === null || times.includes(null)) return 'unknown'
  return times.some((time) => (time ?? 0) > savedAtMs) ? 'outdated' : 'whole'
}

/** What its pool does not know need not be gone, and it may be all that there is of the VM's memory. */
async function findAgain(host: HypervisorHost, volume: { pool: string; name: string }) {
  const found = await host.findVolume(volume)
  if (found) return found
  await host.refreshPool(volume.pool)
  return host.findVolume(volume)
}
