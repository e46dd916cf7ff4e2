import { Building2, Globe, MapPin, Server, Tag } from 'lucide-react'
import { SimulatedBadge } from '#components/host/simulated-badge.tsx'
import type { Outputs } from '#components/trpc/client.tsx'
import { formatCount } from '#components/ui/format.ts'
import type { TreeNode } from '#components/ui/tree-flatten.ts'
import type { Grouping } from './fleet-query.ts'
import { type Leaves, vmNodes } from './fleet-tree-leaves.ts'

type Places = Outputs['fleet']['places']

const iconSizePx = 14
const siteKindWord = { region: 'Regions', edge: 'Edge', emulated_edge: 'Emulated edge' } as const
const hostLook = { connected: 'running', connecting: 'changing', unreachable: 'failed' } as const

function placeNodes(places: Places, leavesOf: ReadonlyMap<string, Leaves>): TreeNode[] {
  const kinds = ['region', 'edge', 'emulated_edge'] as const
  return kinds
    .map((kind) => ({ kind, sites: places.sites.filter((site) => site.kind === kind) }))
    .filter(({ sites }) => sites.length > 0)
    .map(({ kind, sites }) => ({
      id: `kind:${kind}`,
      label: siteKindWord[kind],
      icon: <Globe size={iconSizePx} aria-hidden="true" />,
      count: formatCount(sites.reduce((sum, site) => sum + site.count.vms, 0)),
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
            children: vmNodes(`host:${host.name}`, leavesOf.get(`host:${host.name}`), host.count.vms),
          })),
      })),
    }))
}

/** The fleet as a tree: by place, by tenant, or by tag. VMs stand in it once their parent was opened and read. */
export function fleetNodes(places: Places, grouping: Grouping, leavesOf: ReadonlyMap<string, Leaves>): TreeNode[] {
  if (grouping === 'place') return placeNodes(places, leavesOf)
  if (grouping === 'tenant') {
    const tenants = places.tenants.map((tenant) => ({
      id: `tenant:${tenant.name}`,
      label: tenant.name,
      icon: <Building2 size={iconSizePx} aria-hidden="true" />,
      count: formatCount(tenant.count.vms),
      children: vmNodes(`tenant:${tenant.name}`, leavesOf.get(`tenant:${tenant.name}`), tenant.count.vms),
    }))
    if (places.unassigned.vms === 0) return tenants
    const count = formatCount(places.unassigned.vms)
    return [
      ...tenants,
      {
        id: 'is:unassigned',
        label: 'Unassigned',
        count,
        children: vmNodes('is:unassigned', leavesOf.get('is:unassigned'), places.unassigned.vms),
      },
    ]
  }
  return places.tags.map(({ tag, vms }) => ({
    id: `tag:${tag}`,
    label: tag,
    icon: <Tag size={iconSizePx} aria-hidden="true" />,
    count: formatCount(vms),
    children: vmNodes(`tag:${tag}`, leavesOf.get(`tag:${tag}`), vms),
  }))
}
