import type { Tx } from '#server/db.ts'

export interface SearchHit {
  kind: 'vm' | 'host' | 'site' | 'tenant'
  id: string
  name: string
  /** What tells it from others of the same name: its host and site, its address */
  detail: string
  state: string | null
  /** Its host or site only speaks libvirt's protocol */
  simulated: boolean
}

/** What the command palette finds for a few typed letters, best first: names that begin with them, then names that contain them. */
export async function search(tx: Tx, text: string, wholeFleet: boolean): Promise<SearchHit[]> {
  const contains = `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`
  const begins = contains.slice(1)
  const vms = await tx.$queryRaw<SearchHit[]>`
    SELECT 'vm' AS kind, vm.id::text AS id, vm.name, concat_ws(' · ', host.name, site.name, vm.addresses[1]) AS detail, vm.state,
      host.simulated
    FROM vm JOIN host ON host.id = vm.host_id JOIN site ON site.id = vm.site_id
    WHERE vm.name ILIKE ${contains} OR vm.uuid::text LIKE ${begins} OR EXISTS (SELECT 1 FROM unnest(vm.addresses) AS a WHERE a LIKE ${begins})
    ORDER BY vm.name ILIKE ${begins} DESC, vm.name LIMIT 12`
  const places = await tx.$queryRaw<SearchHit[]>`
    SELECT 'site' AS kind, id::text, name, coalesce(place, '') AS detail, NULL AS state,
        simulated OR coalesce((SELECT bool_and(host.simulated) FROM host WHERE host.site_id = site.id), false) AS simulated
      FROM site WHERE name ILIKE ${contains}
    UNION ALL
    SELECT 'tenant', id, name, slug, NULL, false FROM tenant WHERE name ILIKE ${contains}
    UNION ALL
    SELECT 'host', host.id::text, host.name, site.name, host.state::text, host.simulated FROM host JOIN site ON site.id = host.site_id
    WHERE ${wholeFleet} AND (host.name ILIKE ${contains} OR host.hostname ILIKE ${contains})
    ORDER BY name LIMIT 12`
  return [...vms, ...places]
}
