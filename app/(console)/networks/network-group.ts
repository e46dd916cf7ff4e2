import type { Outputs } from '#components/trpc/client.tsx'

export type HostNetwork = Outputs['network']['list'][number]
export type NetworkGrants = Outputs['network']['grants']

/** Whose VMs may be plugged into a network. */
export interface NetworkAccess {
  allTenants: boolean
  /** Only where it is of this mode; null: of any */
  mode: string | null
  tenantIds: string[]
  /** VMs on it by their tenant's id */
  vms: ReadonlyMap<string, number>
}

/** One name on several hosts: one network to a VM that moves between them. */
export interface NetworkGroup {
  name: string
  networks: HostNetwork[]
  modes: string[]
  cidrs: string[]
  siteIds: string[]
  active: number
  vms: number
  access: NetworkAccess
}

const distinct = (values: (string | null)[]) => [...new Set(values.filter((value) => value !== null))].sort()

function accessTo(name: string, { grants, use }: NetworkGrants): NetworkAccess {
  const given = grants.filter(({ networkName }) => networkName === name)
  const toAll = given.find(({ tenantId }) => tenantId === null)
  return {
    allTenants: toAll !== undefined,
    mode: toAll?.mode ?? null,
    tenantIds: given.flatMap(({ tenantId }) => tenantId ?? []),
    vms: new Map(use.filter(({ networkName }) => networkName === name).map(({ tenantId, vms }) => [tenantId, vms])),
  }
}

export const groupNetworks = (networks: readonly HostNetwork[], grants: NetworkGrants): NetworkGroup[] =>
  [...Map.groupBy(networks, ({ name }) => name)].map(([name, rows]) => ({
    name,
    networks: rows,
    modes: distinct(rows.map(({ mode }) => mode)),
    cidrs: distinct(rows.map(({ cidr }) => cidr)),
    siteIds: distinct(rows.map(({ host }) => host.siteId)),
    active: rows.filter(({ active }) => active).length,
    vms: rows.reduce((sum, { vms }) => sum + vms, 0),
    access: accessTo(name, grants),
  }))
