import type { Tx } from '#server/db.ts'
import { grantedNetworksOf, mayUse } from './network-grant.ts'

/** Every host with what is promised on it; what single pages of it show is left out. */
export async function listHosts(tx: Tx) {
  const hosts = await tx.host.findMany({
    omit: { credential: true, cpuFeatures: true, machineTypes: true },
    orderBy: { name: 'asc' },
  })
  const promised = await tx.$queryRaw<{ hostId: string; vms: number; vcpus: number; memoryBytes: number }[]>`
    SELECT host_id::text AS "hostId", count(*)::int AS vms,
      coalesce(sum(vcpu_count) FILTER (WHERE state IN ('running', 'paused', 'shutting_down', 'unknown')), 0)::int AS vcpus,
      coalesce(sum(memory_bytes) FILTER (WHERE state IN ('running', 'paused', 'shutting_down', 'unknown')), 0)::float8
        AS "memoryBytes"
    FROM vm WHERE missing_since IS NULL GROUP BY host_id`
  const byHost = new Map(promised.map(({ hostId, ...row }) => [hostId, row]))
  return hosts.map((host) => ({ ...host, promised: byHost.get(host.id) ?? { vms: 0, vcpus: 0, memoryBytes: 0 } }))
}

/** A host with what it has and what is promised on it. Sizes in bytes. */
export async function readHost(tx: Tx, id: string) {
  const host = await tx.host.findUniqueOrThrow({
    where: { id },
    omit: { credential: true },
    include: {
      site: { select: { id: true, name: true, slug: true, kind: true } },
      storagePools: { orderBy: { name: 'asc' }, include: { _count: { select: { volumes: true } } } },
      networks: { orderBy: { name: 'asc' } },
      devices: { orderBy: [{ kind: 'asc' }, { name: 'asc' }] },
    },
  })
  const [promised] = await tx.$queryRaw<{ vms: number; running: number; vcpus: number; memory: number }[]>`
    SELECT count(*)::int AS vms, count(*) FILTER (WHERE state IN ('running', 'paused', 'shutting_down'))::int AS running,
      coalesce(sum(vcpu_count) FILTER (WHERE state IN ('running', 'paused', 'shutting_down')), 0)::int AS vcpus,
      coalesce(sum(memory_bytes) FILTER (WHERE state IN ('running', 'paused', 'shutting_down')), 0)::float8 AS memory
    FROM vm WHERE host_id = ${id}::uuid`
  return {
    ...host,
    promised: {
      vms: promised?.vms ?? 0,
      running: promised?.running ?? 0,
      vcpus: promised?.vcpus ?? 0,
      memoryBytes: promised?.memory ?? 0,
    },
  }
}

/**
 * Storage pools of all hosts, shared ones told by an equal sharedKey.
 * @param hostId only what this one has, and what others have of the same
 */
export async function listStoragePools(tx: Tx, hostId?: string) {
  const own =
    hostId === undefined ? [] : await tx.storagePool.findMany({ where: { hostId }, select: { sharedKey: true } })
  const keys = own.flatMap(({ sharedKey }) => sharedKey ?? [])
  return tx.storagePool.findMany({
    ...(hostId !== undefined && { where: { OR: [{ hostId }, { sharedKey: { in: keys } }] } }),
    orderBy: [{ name: 'asc' }, { host: { name: 'asc' } }],
    include: {
      host: { select: { id: true, name: true, siteId: true, state: true, simulated: true } },
      _count: { select: { volumes: true } },
    },
  })
}

export const listVolumes = (tx: Tx, storagePoolId: string) =>
  tx.volume.findMany({ where: { storagePoolId }, orderBy: { name: 'asc' }, take: 1000 })

/** Networks of all hosts; one name on several hosts is one network to a VM that moves. */
export async function listNetworks(tx: Tx) {
  const networks = await tx.network.findMany({
    orderBy: [{ name: 'asc' }, { host: { name: 'asc' } }],
    include: { host: { select: { id: true, name: true, siteId: true, state: true, simulated: true } } },
  })
  const use = await tx.$queryRaw<{ name: string; hostId: string; vms: number }[]>`
    SELECT network_name AS name, vm.host_id::text AS "hostId", count(DISTINCT vm.id)::int AS vms
    FROM vm_interface JOIN vm ON vm.id = vm_interface.vm_id WHERE network_name IS NOT NULL GROUP BY 1, 2`
  return networks.map((network) => ({
    ...network,
    vms: use.find((row) => row.name === network.name && row.hostId === network.hostId)?.vms ?? 0,
  }))
}

/**
 * Networks that VMs of the tenant may be plugged into, by name with where they can be had, and nothing else of the hosts:
 * what a tenant may know of them.
 */
export async function listNetworkNames(tx: Tx, tenantId: string | null) {
  const networks = await tx.network.findMany({
    where: { active: true },
    orderBy: { name: 'asc' },
    select: { name: true, mode: true, hostId: true, host: { select: { siteId: true } } },
  })
  const granted = await grantedNetworksOf(tx, tenantId)
  const usable = networks.filter((network) => mayUse(granted, network))
  return [...Map.groupBy(usable, ({ name }) => name)].map(([name, rows]) => ({
    name,
    hostIds: rows.map((row) => row.hostId),
    siteIds: [...new Set(rows.map((row) => row.host.siteId))],
  }))
}
