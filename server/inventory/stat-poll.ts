import type { Db } from '#server/db.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { VmReading } from '#server/hypervisor/facts.ts'
import { writeLoad } from './host-table.ts'
import type { KnownVm } from './known-vm.ts'
import { type StatRow, writeDiskSizes, writeStats } from './stat-table.ts'

export const statIntervalMs = 5000
/** Every so many readings the sizes of disks are written too. */
const diskEvery = 6

export interface StatPollOptions {
  db: Db
  host: HypervisorHost
  hostId: string
  /** The VMs that this host has, by UUID */
  known: ReadonlyMap<string, KnownVm>
  /** A VM runs of which nothing is known, or in another state than known */
  onStranger: (uuid: string) => void
}

interface Earlier {
  reading: VmReading
  at: number
}

/** Counters can start anew; a rate is never negative. */
const rate = (now: number, before: number, seconds: number) => Math.max(0, now - before) / seconds

function rates(vm: KnownVm, now: VmReading, before: Earlier, at: number): StatRow {
  const seconds = (at - before.at) / 1000
  const cpuSeconds = Number(now.cpuTimeNs - before.reading.cpuTimeNs) / 1e9
  const per = (read: (reading: VmReading) => number) => rate(read(now), read(before.reading), seconds)
  return {
    vmId: vm.id,
    cpuUsage: Math.min(1, Math.max(0, cpuSeconds / seconds / vm.vcpuCount)),
    memoryUsedBytes: now.memoryUsedBytes,
    memoryBytes: now.memoryUsedBytes ?? now.memoryBytes,
    diskReadBytesPerSecond: per((reading) => reading.diskReadBytes),
    diskWriteBytesPerSecond: per((reading) => reading.diskWrittenBytes),
    diskReadsPerSecond: per((reading) => reading.diskReads),
    diskWritesPerSecond: per((reading) => reading.diskWrites),
    networkReceiveBitsPerSecond: per((reading) => reading.networkReceivedBytes) * 8,
    networkTransmitBitsPerSecond: per((reading) => reading.networkTransmittedBytes) * 8,
  }
}

/** Reads the counters of a host's VMs and its load, and writes rates. */
export class StatPoll {
  readonly #options: StatPollOptions
  #earlier = new Map<string, Earlier>()
  #round = 0

  constructor(options: StatPollOptions) {
    this.#options = options
  }

  /** The next reading gives no rates: the counters may have started anew. */
  reset(): void {
    this.#earlier.clear()
  }

  async run(): Promise<void> {
    const { db, host, hostId, known, onStranger } = this.#options
    if (host.connection().state !== 'connected') return
    const limits = { timeoutMs: 15_000 }
    const asked = new Map(known)
    const [readings, load] = await Promise.all([host.readings(limits), host.load(limits)])
    const at = performance.now()
    const rows: StatRow[] = []
    const earlier = new Map<string, Earlier>()
    for (const reading of readings) {
      const vm = known.get(reading.uuid)
      if (vm?.state !== reading.state) onStranger(reading.uuid)
      const before = this.#earlier.get(reading.uuid)
      earlier.set(reading.uuid, { reading, at })
      if (vm && before) rows.push(rates(vm, reading, before, at))
    }
    this.#earlier = earlier
    if (load.cpuUsage !== null) await writeLoad(db, hostId, load)
    if (rows.length > 0) await writeStats(db, hostId, new Date(), statIntervalMs / 1000, rows)
    this.#round = (this.#round + 1) % diskEvery
    if (this.#round !== 1) return
    await writeDiskSizes(
      db,
      readings.flatMap(({ uuid, disks }) => {
        const vm = known.get(uuid)
        // What was written since is newer than this reading.
        return vm && vm === asked.get(uuid) ? disks.map((disk) => ({ ...disk, vmId: vm.id })) : []
      }),
    )
  }
}
