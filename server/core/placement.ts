import type { Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import { vcpusPerCpu } from './migration-preview.ts'
import { type GrantedNetworks, mayUse } from './network-grant.ts'
import { poolWithRoom } from './pool-choice.ts'
import { readReservations } from './reservation.ts'

/** What a new VM needs of a host. Sizes in bytes. */
export interface Need {
  vcpuCount: number
  memoryBytes: number
  diskBytes: number
  networks: readonly string[]
  grantedNetworks: GrantedNetworks
  template: { poolName: string; volumeName: string } | null
}

export interface Place {
  hostId: string
  siteId: string
  /** Storage pool for its disks */
  pool: string
}

/**
 * Chooses a host for a new VM: connected, not draining, with template, networks and room; the one with the most memory
 * left after what is promised. Sees the fleet's hosts whatever the asker sees.
 * @throws conflict with the hosts' reasons, without naming them
 */
export async function placeVm(tx: Tx, where: { siteId: string } | { hostId: string }, need: Need): Promise<Place> {
  const hosts = await tx.host.findMany({
    where: 'hostId' in where ? { id: where.hostId } : { siteId: where.siteId },
    omit: { credential: true },
    include: {
      networks: true,
      storagePools: {
        include: { volumes: { where: { name: need.template?.volumeName ?? '' }, select: { name: true } } },
      },
    },
    orderBy: { name: 'asc' },
  })
  const reservedAt = await readReservations(tx)
  const promised = await tx.vm.groupBy({
    by: ['hostId'],
    where: { state: { in: ['running', 'paused', 'shutting_down', 'creating'] } },
    _sum: { vcpuCount: true },
  })
  const judged = hosts.map((host) => {
    const held = reservedAt(host.id)
    const freeBytes = Number(host.memoryFreeBytes) - held.memoryBytes
    const vcpus = (promised.find((row) => row.hostId === host.id)?._sum.vcpuCount ?? 0) + held.vcpus
    const pool = poolWithRoom(host.storagePools, need.diskBytes, need.template ? [need.template.poolName] : [])
    return { host, freeBytes, pool, reason: reasonAgainst(host, need, freeBytes, vcpus, pool !== undefined) }
  })
  const [best] = judged
    .filter(({ reason, pool }) => reason === null && pool)
    .toSorted((a, b) => b.freeBytes - a.freeBytes)
  if (best?.pool) return { hostId: best.host.id, siteId: best.host.siteId, pool: best.pool.name }
  // Whoever makes a VM need not know the hosts.
  const reasons = [...new Set(judged.map(({ reason }) => reason))].join(' ')
  throw conflict(
    `No host there can take the VM. ${reasons || 'There is no host.'}`,
    'Choose another site, ask for less, or free some room.',
  )
}

interface PlaceableHost {
  name: string
  state: string
  draining: boolean
  cpuCount: number
  networks: readonly { name: string; mode: string; active: boolean }[]
  storagePools: readonly PlaceablePool[]
}
interface PlaceablePool {
  name: string
  kind: string
  active: boolean
  availableBytes: bigint
  volumes: readonly { name: string }[]
}

function reasonAgainst(host: PlaceableHost, need: Need, freeBytes: number, vcpus: number, hasPool: boolean) {
  if (host.state !== 'connected') return 'A host can’t be reached.'
  if (host.draining) return 'A host is being drained.'
  if (freeBytes < need.memoryBytes) return 'A host has not enough memory.'
  if (need.vcpuCount > host.cpuCount) return `A host has ${host.cpuCount} CPUs only.`
  if (vcpus + need.vcpuCount > host.cpuCount * vcpusPerCpu) return 'A host’s CPUs are promised too often already.'
  const usable = host.networks.filter((network) => network.active && mayUse(need.grantedNetworks, network))
  const missing = need.networks.find((name) => !usable.some((network) => network.name === name))
  if (missing) return `A host has no network ${missing}.`
  const { template } = need
  const hasTemplate = host.storagePools.some(
    (pool) => pool.active && pool.name === template?.poolName && pool.volumes.length > 0,
  )
  if (template && !hasTemplate) return 'A host does not have the template.'
  return hasPool ? null : 'A host has no storage pool with enough space.'
}
