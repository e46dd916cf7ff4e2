import type { Logger } from 'pino'
import type { CredentialBox } from '#server/core/credential.ts'
import type { Db } from '#server/db.ts'
import type { HypervisorDriver, HypervisorHost } from '#server/hypervisor/driver.ts'
import { writeUnreachable } from './host-table.ts'
import { Hosts } from './hosts.ts'
import { Keeper } from './keeper.ts'
import { type Lease, lease, leaseEveryMs, retire } from './lease.ts'
import { writeLinks } from './link-table.ts'
import type { FleetSize } from './patrol.ts'
import { repeat } from './repeat.ts'
import { SharedStorage } from './shared-storage.ts'
import { Sightings } from './sighting.ts'
import { forgetStates } from './vm-absence.ts'

const linkMs = 15_000
const sharingMs = 500
/** A new host is taken up at once; of changes there are many, most of them our own. */
const sweepAfterMs = { insert: 50, delete: 50, update: 1000 }

interface Change {
  noun: string
  operation: 'insert' | 'update' | 'delete'
}

export interface InventoryOptions {
  /** Opened with the scope 'fleet' */
  db: Db
  driver: HypervisorDriver
  /** Stable name of this worker, whose lease its holder keeps */
  workerId: string
  log: Logger
  credentials?: CredentialBox | undefined
  /** Notices of changed rows: new and changed hosts are then taken up at once rather than within 5 s */
  changes?: { onChange(listener: (change: Change) => void): () => void } | undefined
}

export interface Inventory {
  /** Connections to any host of the fleet, for workflows */
  readonly hosts: Hosts
  /** A host that this worker looks after, connected or not */
  host(hostId: string): HypervisorHost | undefined
  /** Reads a VM again on a host; resolves when its row is written. Without a lease on the host it does nothing. */
  refreshVm(vmUuid: string, hostId: string): Promise<void>
  /** Reads a host's pools and volumes again. */
  refreshStorage(hostId: string): Promise<void>
  /** Gives the hosts back and closes every connection. */
  stop(): Promise<void>
}

/** Starts to keep Postgres in step with the hosts; several workers share them. */
export async function startInventory(options: InventoryOptions): Promise<Inventory> {
  const { db, driver, workerId, log, credentials, changes } = options
  const hosts = new Hosts({ db, driver, credentials })
  const sightings = new Sightings()
  const keepers = new Map<string, Keeper>()
  const fleet: FleetSize = {
    get vms() {
      return [...keepers.values()].reduce((sum, keeper) => sum + keeper.vms.known.size, 0)
    },
  }
  /** Why a host could not even be tried, so that it is said once. */
  const unusable = new Map<string, string>()
  let stopped = false

  const onError = (what: string) => (error: unknown) => log.warn({ error: String(error) }, `${what} failed`)

  async function take({ id: hostId, name }: Lease) {
    try {
      const host = await hosts.open(hostId)
      const keeper = new Keeper({ db, host, hostId, name, log, sightings, fleet, refreshElsewhere, onInStep })
      keepers.set(hostId, keeper)
      unusable.delete(hostId)
      keeper.start()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (unusable.get(hostId) === reason) return
      unusable.set(hostId, reason)
      log.warn({ host: name, error: reason }, 'host can not be opened')
      await writeUnreachable(db, hostId, reason)
      await forgetStates(db, hostId, `The host ${name} can not be reached.`)
    }
  }

  async function drop(hostId: string) {
    const keeper = keepers.get(hostId)
    keepers.delete(hostId)
    await keeper?.stop()
  }

  const sharedStorage = new SharedStorage({ db, log, open: (id) => hosts.open(id), isOurs: (id) => keepers.has(id) })
  let probing: NodeJS.Timeout | undefined
  /** Hosts come in step one after the other: the question is asked when some have. */
  function onInStep(hostId: string) {
    sharedStorage.forget(hostId)
    probing ??= setTimeout(() => {
      probing = undefined
      if (!stopped) sharing = sharing.then(() => sharedStorage.run()).catch(onError('looking for shared storage'))
    }, sharingMs)
  }
  let sharing: Promise<void> = Promise.resolve()

  function refreshElsewhere(uuid: string, hostId: string) {
    keepers.get(hostId)?.vms.mark(uuid)
  }

  async function sweepOnce() {
    const leased = new Map((await lease(db, workerId)).map((each) => [each.id, each]))
    await hosts.releaseChanged()
    await Promise.all(
      [...keepers].map(async ([id, { host }]) => {
        if (!leased.has(id) || !(await hosts.has(id, host))) await drop(id)
      }),
    )
    if (stopped) return
    await Promise.all([...leased.values()].filter(({ id }) => !keepers.has(id)).map(take))
  }

  let sweeps: Promise<void> = Promise.resolve()
  /** One after the other. */
  function sweep(): Promise<void> {
    sweeps = sweeps.catch(() => {}).then(sweepOnce)
    return sweeps
  }

  await sweep()
  const sweeping = repeat(leaseEveryMs, sweep, onError('sweep over hosts'))
  const linking = repeat(linkMs, () => writeLinks(db), onError('looking at links'))
  let soon: NodeJS.Timeout | undefined
  const unsubscribe = changes?.onChange(({ noun, operation }) => {
    if (noun === 'host') soon ??= setTimeout(sweepSoon, sweepAfterMs[operation])
  })
  function sweepSoon() {
    soon = undefined
    void sweep().catch(onError('sweep over hosts'))
  }

  return {
    hosts,
    host: (hostId) => keepers.get(hostId)?.host,
    refreshVm: async (vmUuid, hostId) => keepers.get(hostId)?.vms.refresh(vmUuid),
    refreshStorage: async (hostId) => keepers.get(hostId)?.storage.syncStorage(),
    async stop() {
      stopped = true
      unsubscribe?.()
      clearTimeout(soon)
      clearTimeout(probing)
      await sharing
      await Promise.all([sweeping.stop(), linking.stop()])
      await Promise.all([...keepers.keys()].map(drop))
      await hosts.close()
      await retire(db, workerId)
    },
  }
}
