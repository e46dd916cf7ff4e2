import type { Outputs } from '#components/trpc/client.tsx'

export type HostNetwork = Outputs['network']['list'][number]

/** One name on several hosts: one network to a VM that moves between them. */
export interface NetworkGroup {
  name: string
  networks: HostNetwork[]
  modes: string[]
  cidrs: string[]
  siteIds: string[]
  active: number
  vms: number
}

const distinct = (values: (string | null)[]) => [...new Set(values.filter((value) => value !== null))].sort()

export const groupNetworks = (networks: readonly HostNetwork[]): NetworkGroup[] =>
  [...Map.groupBy(networks, ({ name }) => name)].map(([name, rows]) => ({
    name,
    networks: rows,
    modes: distinct(rows.map(({ mode }) => mode)),
    cidrs: distinct(rows.map(({ cidr }) => cidr)),
    siteIds: distinct(rows.map(({ host }) => host.siteId)),
    active: rows.filter(({ active }) => active).length,
    vms: rows.reduce((sum, { vms }) => sum + vms, 0),
  }))
