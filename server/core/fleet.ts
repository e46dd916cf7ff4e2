import type { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'

const siteColumns = {
  id: true,
  name: true,
  slug: true,
  kind: true,
  place: true,
  latitude: true,
  longitude: true,
  simulated: true,
} satisfies Prisma.SiteSelect

const hostColumns = {
  id: true,
  siteId: true,
  name: true,
  state: true,
  stateReason: true,
  stateSince: true,
  simulated: true,
  draining: true,
  accelerator: true,
  cpuCount: true,
  cpuUsage: true,
  memoryBytes: true,
  memoryFreeBytes: true,
  controlRoundTripMs: true,
} satisfies Prisma.HostSelect

/** How a host is doing, to whom that is no business. */
const untold = {
  cpuCount: 0,
  cpuUsage: null,
  memoryBytes: 0n,
  memoryFreeBytes: 0n,
  controlRoundTripMs: null,
  stateReason: null,
}

export interface PlaceCount {
  vms: number
  running: number
}

interface VmCounts {
  counts: ({ hostId: string; tenantId: string | null } & PlaceCount)[]
  tags: { tag: string; vms: number }[]
}

/** Goes through the VMs once: what is alike is counted together first. */
async function countVms(tx: Tx): Promise<VmCounts> {
  const [found] = await tx.$queryRaw<VmCounts[]>`
    WITH alike AS MATERIALIZED (
      SELECT host_id, tenant_id, state = 'running' AS runs, tags, count(*) AS vms FROM vm GROUP BY 1, 2, 3, 4)
    SELECT (SELECT coalesce(json_agg(place), '[]') FROM (
        SELECT host_id AS "hostId", tenant_id AS "tenantId", sum(vms)::int AS vms,
          coalesce(sum(vms) FILTER (WHERE runs), 0)::int AS running
        FROM alike GROUP BY host_id, tenant_id) AS place) AS counts,
      (SELECT coalesce(json_agg(label ORDER BY label.tag), '[]') FROM (
        SELECT tag, sum(vms)::int AS vms FROM alike, unnest(tags) AS tag GROUP BY tag ORDER BY tag LIMIT 500) AS label) AS tags`
  return found ?? { counts: [], tags: [] }
}

/**
 * Everything that is small and that every page names: sites, hosts, tenants, tags, with the number of visible VMs in
 * each. Without the fleet's view only hosts that carry one of the visible VMs are named, and only their name and site.
 */
export async function readPlaces(tx: Tx, wholeFleet: boolean) {
  const { counts, tags } = await countVms(tx)
  const sum = (rows: PlaceCount[]): PlaceCount => ({
    vms: rows.reduce((total, row) => total + row.vms, 0),
    running: rows.reduce((total, row) => total + row.running, 0),
  })
  const hosts = await tx.host.findMany({
    where: wholeFleet ? {} : { id: { in: [...new Set(counts.map((row) => row.hostId))] } },
    select: hostColumns,
    orderBy: { name: 'asc' },
  })
  const sites = await tx.site.findMany({ select: siteColumns, orderBy: { name: 'asc' } })
  const links = await tx.link.findMany({ orderBy: { id: 'asc' } })
  const tenants = await tx.tenant.findMany({ select: { id: true, name: true, slug: true }, orderBy: { name: 'asc' } })
  return {
    sites: sites.map((site) => {
      const siteHosts = hosts.filter((host) => host.siteId === site.id)
      const hostIds = new Set(siteHosts.map((host) => host.id))
      return {
        ...site,
        simulated: site.simulated || (siteHosts.length > 0 && siteHosts.every((host) => host.simulated)),
        hosts: siteHosts.length,
        hostsConnected: siteHosts.filter((host) => host.state === 'connected').length,
        count: sum(counts.filter((row) => hostIds.has(row.hostId))),
      }
    }),
    hosts: hosts.map((host) => ({
      ...host,
      ...(wholeFleet ? {} : untold),
      count: sum(counts.filter((row) => row.hostId === host.id)),
    })),
    links: links.map((link) => ({
      ...link,
      bitsPerSecond: link.bitsPerSecond === null ? null : Number(link.bitsPerSecond),
    })),
    tenants: tenants.map((tenant) => ({ ...tenant, count: sum(counts.filter((row) => row.tenantId === tenant.id)) })),
    unassigned: sum(counts.filter((row) => row.tenantId === null)),
    tags,
  }
}

export type Places = Awaited<ReturnType<typeof readPlaces>>
