import { Building2, Globe, MapPin, Server, Tag } from 'lucide-react'
import { SimulatedBadge } from '#components/host/simulated-badge.tsx'
import type { Outputs } from '#components/trpc/client.tsx'
import { formatCount } from '#components/ui/format.ts'
import type { TreeNode } from '#components/ui/tree-flatten.ts'
import { vmLook } from '#components/vm/vm-state.ts'
import type { VmRow } from '#server/schema/vm.ts'
import type { Grouping } from './fleet-query.ts'

type Places = Outputs['fleet']['places']

/** A tree node's id says which filter term it stands for: "site:oslo". */
export const nodeTerm = (id: string): { key: string; value: string } | null => {
  const [key, ...value] = id.split(':')
  return key && value.length > 0 && key !== 'vm' && key !== 'kind' ? { key, value: value.join(':') } : null
}

const iconSizePx = 14
const siteKindWord = { region: 'Regions', edge: 'Edge', emulated_edge: 'Emulated edge' } as const
const hostLook = { connected: 'running', connecting: 'changing', unreachable: 'failed' } as const

const vmNodes = (vms: readonly VmRow[] | undefined): TreeNode[] =>
  (vms ?? []).map((vm) => ({
    id: `vm:${vm.id}`,
    label: vm.name,
    state: vmLook(vm.state, vm.operation).look,
    href: `/vms/${vm.id}`,
  }))

function placeNodes(places: Places, vmsOf: ReadonlyMap<string, VmRow[]>): TreeNode[] {
  const kinds = ['region', 'edge', 'emulated_edge'] as const
  return kinds
    .map((kind) => ({ kind, sites: places.sites.filter((site) => site.kind === kind) }))
    .filter(({ sites }) => sites.length > 0)
    .map(({ kind, sites }) => ({
      id: `kind:${kind}`,
      label: siteKindWord[kind],
      icon: <Globe size={iconSizePx} aria-hidden="true" />,
      count: formatCount(sites.length),
      children: sites.map((site) => ({
        id: `site:${site.name}`,
        label: site.name,
        badge: site.simulated && <SimulatedBadge />,
        icon: <MapPin size={iconSizePx} aria-hidden="true" />,
        count: formatCount(site.count.vms),
        children: places.hosts
          .filter((host) => host.siteId === site.id)
          .map((host) => ({
            id: `host:${host.name}`,
            label: host.name,
            badge: host.simulated && <SimulatedBadge />,
            icon: host.state === 'connected' ? <Server size={iconSizePx} aria-hidden="true" /> : undefined,
            state: host.state === 'connected' ? undefined : hostLook[host.state],
            count: formatCount(host.count.vms),
            children: vmNodes(vmsOf.get(`host:${host.name}`)),
          })),
      })),
    }))
}

/** The fleet as a tree: by place, by tenant, or by tag. VMs stand in it once their parent was opened and read. */
export function fleetNodes(places: Places, grouping: Grouping, vmsOf: ReadonlyMap<string, VmRow[]>): TreeNode[] {
  if (grouping === 'place') return placeNodes(places, vmsOf)
  if (grouping === 'tenant') {
    const tenants = places.tenants.map((tenant) => ({
      id: `tenant:${tenant.name}`,
      label: tenant.name,
      icon: <Building2 size={iconSizePx} aria-hidden="true" />,
      count: formatCount(tenant.count.vms),
      children: vmNodes(vmsOf.get(`tenant:${tenant.name}`)),
    }))
    if (places.unassigned.vms === 0) return tenants
    const count = formatCount(places.unassigned.vms)
    return [
      ...tenants,
      { id: 'is:unassigned', label: 'Unassigned', count, children: vmNodes(vmsOf.get('is:unassigned')) },
    ]
  }
  return places.tags.map(({ tag, vms }) => ({
    id: `tag:${tag}`,
    label: tag,
    icon: <Tag size={iconSizePx} aria-hidden="true" />,
    count: formatCount(vms),
    children: vmNodes(vmsOf.get(`tag:${tag}`)),
  }))
}
