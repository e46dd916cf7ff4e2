import { guestPlans, type SitePlan, sharedPoolName, sitePlans, type TenantPlan, tenantPlans } from '#lab/fleet-plan.ts'
import { stableUuid } from '#lab/guest/definition.ts'
import type { HostPlan } from './model/host.ts'
import type { Pace } from './model/load.ts'
import { seeded } from './model/wave.ts'

const gib = 1024 * 1024

export interface VmPlan {
  uuid: string
  name: string
  tenantKey: string
  tags: readonly string[]
  host: string
  vcpus: number
  memoryKiB: number
  /** The pool of its disk, where that is not the host's own. */
  pool?: string
  pace: Pace
  isOn: boolean
}

/** Everything that a simulated fleet begins with. */
export interface FleetPlan {
  sites: readonly SitePlan[]
  tenants: readonly TenantPlan[]
  hosts: readonly HostPlan[]
  vms: readonly VmPlan[]
}

/** An address in the range kept for benchmarks, which no network has. */
const addressOf = (index: number) => `198.18.${Math.floor(index / 250)}.${(index % 250) + 1}`

const hostPlan = (
  name: string,
  siteKey: string,
  index: number,
  size: { cpus: number; memoryGib: number },
): HostPlan => ({
  name,
  siteKey,
  address: addressOf(index),
  cpus: size.cpus,
  cpuModel: 'Cascadelake-Server-noTSX',
  mhz: 2500,
  memoryKiB: size.memoryGib * gib,
})

const regionSize = { cpus: 32, memoryGib: 128 }
const edgeSize = { cpus: 8, memoryGib: 32 }
/** The lab's guests are as small as guests can be; here memory costs nothing. */
const memoryFactor = 16

/** The same sites, tenants and guests as in the standing lab of real hosts. */
export function standingPlan(): FleetPlan {
  const hosts = sitePlans
    .flatMap((site) => site.hosts.map((name) => ({ name, site })))
    .map(({ name, site }, index) => hostPlan(name, site.key, index, site.kind === 'region' ? regionSize : edgeSize))
  const vms = guestPlans.map((guest): VmPlan => {
    const site = sitePlans.find((each) => each.hosts.includes(guest.host))
    const pool = guest.isShared && site ? sharedPoolName(site) : undefined
    return {
      uuid: stableUuid(guest.name),
      name: guest.name,
      tenantKey: guest.tenantKey,
      tags: guest.tags,
      host: guest.host,
      vcpus: guest.vcpus * 2,
      memoryKiB: guest.memoryMib * 1024 * memoryFactor,
      ...(pool ? { pool } : {}),
      pace: guest.tags.includes('db') ? 'restless' : guest.isBusy ? 'busy' : 'quiet',
      isOn: true,
    }
  })
  return { sites: sitePlans, tenants: tenantPlans, hosts, vms }
}

type City = [key: string, name: string, lat: number, lon: number]
const regions: readonly City[] = [
  ['oslo', 'Oslo', 59.9139, 10.7522],
  ['frankfurt', 'Frankfurt', 50.1109, 8.6821],
  ['virginia', 'Virginia', 39.0438, -77.4874],
  ['singapore', 'Singapore', 1.3521, 103.8198],
  ['sao-paulo', 'São Paulo', -23.5505, -46.6333],
  ['tokyo', 'Tokyo', 35.6762, 139.6503],
]
const edges: readonly City[] = [
  ['tromso', 'Tromsø', 69.6492, 18.9553],
  ['bergen', 'Bergen', 60.3913, 5.3221],
  ['gdansk', 'Gdańsk', 54.352, 18.6466],
  ['porto', 'Porto', 41.1579, -8.6291],
  ['izmir', 'İzmir', 38.4237, 27.1428],
  ['accra', 'Accra', 5.6037, -0.187],
  ['nairobi', 'Nairobi', -1.2921, 36.8219],
  ['durban', 'Durban', -29.8587, 31.0218],
  ['pune', 'Pune', 18.5204, 73.8567],
  ['perth', 'Perth', -31.9523, 115.8613],
  ['seattle', 'Seattle', 47.6062, -122.3321],
  ['halifax', 'Halifax', 44.6488, -63.5752],
]
const moreTenants: readonly TenantPlan[] = [
  { key: 'aurora-bank', name: 'Aurora Bank' },
  { key: 'harbour-logistics', name: 'Harbour Logistics' },
  { key: 'meadow-health', name: 'Meadow Health' },
  { key: 'basalt-games', name: 'Basalt Games' },
]
const roles = ['web', 'app', 'db', 'cache', 'queue', 'build', 'desktop', 'gateway', 'sensor'] as const
const stages = ['prod', 'prod', 'test', 'dev'] as const
const memorySizesGib = [1, 2, 2, 4, 4, 8, 16] as const

function pick<T>(next: () => number, from: readonly [T, ...T[]]): T {
  return from[Math.floor(next() * from.length)] ?? from[0]
}

/** A fleet of any size: the hosts over regions and edge locations, the VMs over hosts and tenants; one in ten is off. */
export function countedPlan(hostCount: number, vmCount: number, seed: string): FleetPlan {
  const next = seeded(`fleet/${seed}`)
  const cities: { city: City; kind: 'region' | 'edge'; hosts: string[] }[] = [
    ...regions.map((city) => ({ city, kind: 'region' as const, hosts: [] })),
    ...edges.map((city) => ({ city, kind: 'edge' as const, hosts: [] })),
  ]
  const hosts: HostPlan[] = []
  for (let index = 0; index < hostCount; index++) {
    // Nine of ten hosts stand in regions, once every city has one.
    const place = index < cities.length ? index : next() < 0.9 ? index % regions.length : index % cities.length
    const site = cities[place]
    if (!site) continue
    const name = `${site.city[0]}-${site.hosts.length + 1}`
    site.hosts.push(name)
    const size = site.kind === 'edge' ? edgeSize : pick(next, [regionSize, { cpus: 64, memoryGib: 512 }])
    hosts.push(hostPlan(name, site.city[0], index, size))
  }
  const tenants = [...tenantPlans, ...moreTenants]
  const vms: VmPlan[] = []
  const spare = new Map(hosts.map(({ name, memoryKiB }) => [name, memoryKiB - 4 * gib]))
  for (let index = 0; index < vmCount; index++) {
    const host = hosts[index % hosts.length]
    const tenant = tenants[Math.floor(next() * tenants.length)]
    if (!host || !tenant) break
    const role = pick(next, roles)
    const name = `${tenant.key.split('-')[0]}-${role}-${index + 1}`
    const left = spare.get(host.name) ?? 0
    const memoryKiB = Math.min(pick(next, memorySizesGib), Math.max(0.25, left / gib / 4)) * gib
    spare.set(host.name, left - memoryKiB)
    vms.push({
      uuid: stableUuid(`${seed}/${name}`),
      name,
      tenantKey: tenant.key,
      tags: [pick(next, stages), role],
      host: host.name,
      vcpus: memoryKiB > 4 * gib ? 4 : 2,
      memoryKiB: Math.floor(memoryKiB),
      pace: next() < 0.1 ? 'busy' : role === 'db' && next() < 0.1 ? 'restless' : 'quiet',
      isOn: next() < 0.9 && left > memoryKiB,
    })
  }
  const sites = cities
    .filter((site) => site.hosts.length > 0)
    .map(({ city: [key, name, lat, lon], kind, hosts: names }) => ({ key, name, kind, lat, lon, hosts: names }))
  return { sites, tenants, hosts, vms }
}
