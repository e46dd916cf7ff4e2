/** The standing fleet that `npm run up` shows: who has what, and where. Data alone. */

export interface SitePlan {
  key: string
  name: string
  kind: 'region' | 'edge'
  lat: number
  lon: number
  hosts: readonly string[]
}

export interface TenantPlan {
  key: string
  name: string
}

export interface GuestPlan {
  name: string
  tenantKey: string
  tags: readonly string[]
  host: string
  memoryMib: number
  vcpus: number
  /** Its disk lies on the storage both hosts of its site see. */
  isShared?: boolean
  /** A little work that rises and falls, so that its charts move. */
  isBusy?: boolean
}

export const sitePlans: readonly SitePlan[] = [
  { key: 'oslo', name: 'Oslo', kind: 'region', lat: 59.9139, lon: 10.7522, hosts: ['oslo-1', 'oslo-2'] },
  { key: 'frankfurt', name: 'Frankfurt', kind: 'region', lat: 50.1109, lon: 8.6821, hosts: ['frankfurt-1'] },
  { key: 'tromso', name: 'Tromsø', kind: 'edge', lat: 69.6492, lon: 18.9553, hosts: ['tromso-1'] },
  { key: 'bergen', name: 'Bergen', kind: 'edge', lat: 60.3913, lon: 5.3221, hosts: ['bergen-1'] },
]

export const tenantPlans: readonly TenantPlan[] = [
  { key: 'northwind', name: 'Northwind Retail' },
  { key: 'fjord-design', name: 'Fjord Design' },
  { key: 'polar-sensors', name: 'Polar Sensors' },
]

const shop = { tenantKey: 'northwind', vcpus: 1, isBusy: true }
const desktop = { tenantKey: 'fjord-design', tags: ['desktop'], memoryMib: 160, vcpus: 1 }
const edge = { tenantKey: 'polar-sensors', memoryMib: 96, vcpus: 1 }

export const guestPlans: readonly GuestPlan[] = [
  { ...shop, name: 'shop-web-1', tags: ['prod', 'web'], host: 'oslo-1', memoryMib: 128 },
  { ...shop, name: 'shop-web-2', tags: ['prod', 'web'], host: 'oslo-2', memoryMib: 128 },
  { ...shop, name: 'shop-app-1', tags: ['prod', 'app'], host: 'oslo-1', memoryMib: 128, isShared: true },
  { ...shop, name: 'shop-app-2', tags: ['prod', 'app'], host: 'frankfurt-1', memoryMib: 128 },
  { ...shop, name: 'shop-db-1', tags: ['prod', 'db'], host: 'oslo-2', memoryMib: 192, isShared: true },
  { ...desktop, name: 'desktop-anna', host: 'frankfurt-1' },
  { ...desktop, name: 'desktop-bo', host: 'frankfurt-1' },
  { ...desktop, name: 'desktop-cleo', host: 'oslo-1' },
  { ...edge, name: 'tromso-gateway', tags: ['edge', 'gateway'], host: 'tromso-1', isBusy: true },
  { ...edge, name: 'tromso-camera', tags: ['edge', 'camera'], host: 'tromso-1' },
  { ...edge, name: 'bergen-gateway', tags: ['edge', 'gateway'], host: 'bergen-1', isBusy: true },
  { ...edge, name: 'bergen-camera', tags: ['edge', 'camera'], host: 'bergen-1' },
]

/** Name of the storage pool the hosts of a site share. */
export function sharedPoolName(site: SitePlan): string | undefined {
  return site.hosts.length > 1 ? `${site.key}-shared` : undefined
}
