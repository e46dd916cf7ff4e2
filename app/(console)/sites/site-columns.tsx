import { SimulatedBadge } from '#components/host/simulated-badge.tsx'
import { siteKindWord, siteLook } from '#components/site/site-state.ts'
import type { Outputs } from '#components/trpc/client.tsx'
import type { DataColumn } from '#components/ui/data-table-column.ts'
import { formatCount } from '#components/ui/format.ts'
import { Link } from '#components/ui/link.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import type { SortValue } from '#components/ui/use-sorted-rows.ts'

export type SiteRow = Outputs['fleet']['places']['sites'][number]

export const siteSorts: Record<string, SortValue<SiteRow>> = {
  name: (site) => site.name,
  state: (site) => siteLook(site, true).word,
  kind: (site) => site.kind,
  hosts: (site) => site.hosts,
  vms: (site) => site.count.vms,
}

/** Whether others than operators look: they know of hosts only where their VMs are. */
export function siteColumns(operator: boolean): DataColumn<SiteRow>[] {
  const columns: DataColumn<SiteRow>[] = [
    {
      id: 'name',
      header: 'Name',
      isSortable: true,
      widthPx: 170,
      grow: 1,
      cell: (site) => (
        <>
          {site.name}
          {site.simulated && <SimulatedBadge />}
        </>
      ),
    },
    {
      id: 'state',
      header: 'State',
      isSortable: true,
      widthPx: 120,
      cell: (site) => {
        const { look, word } = siteLook(site, operator)
        return <StateBadge state={look} label={word} variant="plain" />
      },
    },
    { id: 'kind', header: 'Kind', isSortable: true, widthPx: 120, cell: (site) => siteKindWord[site.kind] },
    {
      id: 'place',
      header: 'Place',
      widthPx: 140,
      grow: 1,
      cell: (site) => <span className="truncate">{site.place ?? '–'}</span>,
    },
    {
      id: 'hosts',
      header: 'Hosts connected',
      isSortable: true,
      align: 'end',
      widthPx: 130,
      cell: (site) => `${formatCount(site.hostsConnected)} of ${formatCount(site.hosts)}`,
    },
    {
      id: 'vms',
      header: 'VMs',
      isSortable: true,
      align: 'end',
      widthPx: 150,
      cell: (site) => (
        <Link href={`/fleet?filter=${encodeURIComponent(`site:"${site.name}"`)}`} tone="plain">
          {formatCount(site.count.vms)}, {formatCount(site.count.running)} running
        </Link>
      ),
    },
  ]
  return operator ? columns : columns.filter((column) => column.id !== 'hosts')
}
