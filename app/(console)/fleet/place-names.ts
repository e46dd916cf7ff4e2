import { useQuery } from '@tanstack/react-query'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'

/** What places are called: unlike their loads and counts, this hardly ever changes. */
export interface PlaceNames {
  hosts: { id: string; name: string; simulated: boolean }[]
  sites: { id: string; name: string }[]
  tenants: { id: string; name: string }[]
  tags: string[]
}

const namesOf = ({ hosts, sites, tenants, tags }: Outputs['fleet']['places']): PlaceNames => ({
  hosts: hosts.map(({ id, name, simulated }) => ({ id, name, simulated })),
  sites: sites.map(({ id, name }) => ({ id, name })),
  tenants: tenants.map(({ id, name }) => ({ id, name })),
  tags: tags.map(({ tag }) => tag),
})

/** The same object until a name changes, so that nothing is drawn again for a host's load. */
export function usePlaceNames(): PlaceNames | undefined {
  const trpc = useTRPC()
  return useQuery({ ...trpc.fleet.places.queryOptions(), select: namesOf }).data
}
