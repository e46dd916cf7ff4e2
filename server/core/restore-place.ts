import type { Tx } from '#server/db.ts'
import type { RecoveryDisks, VmShape } from '#server/schema/backup.ts'
import { readCandidates } from './migration-candidate.ts'
import { type Candidate, capacityReasons, type MovingVm, machineReasons } from './migration-preview.ts'
import { type GrantedNetworks, grantedNetworksOf, mayUse } from './network-grant.ts'
import { poolWithRoom } from './pool-choice.ts'
import { unsafeWholeFleet } from './whole-fleet.ts'

/** What becomes of a card of the VM at a host. */
export interface CardPlace {
  mac: string
  network: string | null
  kept: boolean
  /** Why it comes unplugged */
  reason: string | null
}

/** A host as a place for a VM that is made of a recovery point. */
export interface RestorePlace {
  hostId: string
  name: string
  siteId: string
  siteName: string
  eligible: boolean
  /** Why not, each in a sentence */
  reasons: string[]
  cards: CardPlace[]
  pool: string | null
  freeBytes: number
}

export interface Restored {
  tenantId: string | null
  shape: VmShape
  disks: RecoveryDisks
  start: boolean
  /** Its disks hold nothing at first, and read what they share from the worker */
  isClone: boolean
}

/** Judges every host of the fleet. Those with the most free memory first. */
export async function placesFor(tx: Tx, restored: Restored): Promise<RestorePlace[]> {
  const granted = await grantedNetworksOf(tx, restored.tenantId)
  const read = async () => {
    const candidates = await readCandidates(tx, [])
    const sites = await tx.site.findMany({ select: { id: true, name: true } })
    const hosts = await tx.host.findMany({ select: { id: true, uri: true, workerId: true, cloneObstacle: true } })
    const workers = await tx.worker.findMany({ select: { id: true, cloneObstacle: true } })
    const templates = await tx.template.findMany({ distinct: ['poolName'], select: { poolName: true } })
    return { candidates, sites, hosts, workers, templatePools: templates.map(({ poolName }) => poolName) }
  }
  const { candidates, sites, hosts, workers, templatePools } = await unsafeWholeFleet(tx, read)
  return candidates
    .map((host): RestorePlace => {
      const pool = poolFor(host, restored.isClone ? [] : restored.disks, templatePools)
      const way = hosts.find(({ id }) => id === host.id)
      const reasons = reasonsAgainst(host, restored, pool !== null)
      const worker = workers.find(({ id }) => id === way?.workerId)
      if (restored.isClone) reasons.push(...obstaclesToSharing(way, worker))
      return {
        ...{ hostId: host.id, name: host.name, siteId: host.siteId, reasons, pool, eligible: reasons.length === 0 },
        siteName: sites.find(({ id }) => id === host.siteId)?.name ?? '',
        cards: restored.shape.cards.map((card) => cardAt(host, card, granted)),
        freeBytes: host.memoryFreeBytes - host.reservedMemoryBytes,
      }
    })
    .sort((a, b) => Number(b.eligible) - Number(a.eligible) || b.freeBytes - a.freeBytes)
}

function reasonsAgainst(host: Candidate, { shape, start }: Restored, hasPool: boolean): string[] {
  const vm: MovingVm = {
    ...{ name: '', hostId: '', state: start ? 'running' : 'off', vcpuCount: shape.vcpuCount, persistent: true },
    ...{ memoryBytes: shape.memoryBytes, architecture: shape.architecture, machineType: shape.machineType },
    ...{ cpuMode: shape.cpuMode, accelerator: shape.accelerator, snapshots: [], localDevices: 0 },
    ...{ dirtyBytesPerSecond: null, disks: [], networks: [], bridges: [], grantedNetworks: 'any' },
  }
  const reasons: string[] = []
  if (host.state !== 'connected') reasons.push('The host can’t be reached.')
  if (host.draining) reasons.push('The host is being drained and takes no VMs.')
  if (host.simulated) reasons.push('The host is simulated and has no disks.')
  // It starts anew there, so no other host has given it what it could miss.
  reasons.push(...capacityReasons(vm, host), ...machineReasons(vm, host, host))
  if (!hasPool) reasons.push('The host has no storage pool with enough space.')
  return reasons
}

/** Why the host can't read what a clone shares. */
function obstaclesToSharing(
  host: { uri: string; cloneObstacle: string | null } | undefined,
  worker: { cloneObstacle: string | null } | undefined,
): string[] {
  const obstacle = host?.uri.startsWith('qemu+tls:') ? worker?.cloneObstacle : host?.cloneObstacle
  return obstacle ? [obstacle] : []
}

function poolFor(host: Candidate, disks: RecoveryDisks, templatePools: readonly string[]): string | null {
  const needBytes = disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const usable = host.pools.filter((pool) => pool.path)
  return poolWithRoom(usable, needBytes, templatePools)?.name ?? null
}

export function cardAt(
  host: Pick<Candidate, 'networks'>,
  { mac, network }: VmShape['cards'][number],
  granted: GrantedNetworks,
): CardPlace {
  const card = (reason: string | null): CardPlace => ({ mac, network, kept: reason === null, reason })
  if (network === null) return card('It was plugged into the host itself.')
  const there = host.networks.find(({ name }) => name === network)
  // To whom it was not granted a network does not show.
  if (!there || !mayUse(granted, there)) return card(`There is no network ${network} that it may use.`)
  return there.active ? card(null) : card(`The network ${network} is switched off there.`)
}
