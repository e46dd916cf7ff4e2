import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { CredentialBox } from '#server/core/credential.ts'
import type { Tx } from '#server/db.ts'

const Key = z.string().min(1)

/** What a lab says of itself in its fleet.json. */
export const Fleet = z.object({
  sites: z.array(
    z.object({
      key: Key,
      name: z.string(),
      kind: z.enum(['region', 'edge', 'emulated_edge']),
      lat: z.number(),
      lon: z.number(),
    }),
  ),
  tenants: z.array(z.object({ key: Key, name: z.string() })),
  hosts: z.array(
    z.object({
      name: Key,
      siteKey: Key,
      tlsUri: z.string(),
      simulated: z.boolean().default(false),
      pki: z.object({ caCertPath: z.string(), certPath: z.string(), keyPath: z.string() }).optional(),
    }),
  ),
  guests: z.array(z.object({ name: Key, uuid: z.uuid(), tenantKey: z.string(), tags: z.array(z.string()), host: Key })),
})
export type Fleet = z.infer<typeof Fleet>

const mib = 2n ** 20n
const gib = 2n ** 30n
const quota = {
  quotaVcpus: 16,
  quotaMemoryBytes: 4n * gib,
  quotaDiskBytes: 40n * gib,
  quotaVms: 12,
  quotaSnapshots: 24,
}
/** What the lab's guests are plugged into; each of its tenants is granted it. */
const labNetwork = 'fleet'
/** The lab's own image: the volume every host of it has in this pool. */
const template = {
  name: 'Tiny Linux',
  description: 'A small Linux with a serial console, a guest agent and cloud-init user data. For trying things out.',
  operatingSystem: 'Linux',
  poolName: 'templates',
  volumeName: 'tiny-linux.qcow2',
  cloudInit: true,
  minMemoryBytes: 96n * mib,
  minDiskBytes: 64n * mib,
}

/** @returns the tenants in the order of the file, and how many rows of each kind were new */
export async function seedFleet(tx: Tx, fleet: Fleet, sealingKey: string) {
  const count = { sites: 0, links: 0, hosts: 0, tenants: 0, templates: 0, vms: 0 }
  const siteIds = new Map<string, string>()
  for (const { key, name, kind, lat, lon } of fleet.sites) {
    const existing = await tx.site.findUnique({ where: { slug: key } })
    const simulated = fleet.hosts.some((host) => host.siteKey === key && host.simulated)
    const place = { place: name, latitude: lat, longitude: lon, simulated }
    const site = existing ?? (await tx.site.create({ data: { slug: key, name, kind, ...place } }))
    if (!existing) count.sites += 1
    siteIds.set(key, site.id)
  }
  count.links = await linkAll(tx, [...siteIds.values()])

  const tenantIds = new Map<string, string>()
  for (const { key, name } of fleet.tenants) {
    const existing = await tx.tenant.findUnique({ where: { slug: key } })
    const tenant = existing ?? (await tx.tenant.create({ data: { id: randomUUID(), slug: key, name, ...quota } }))
    if (!existing) {
      await tx.networkGrant.create({ data: { networkName: labNetwork, tenantId: tenant.id } })
      count.tenants += 1
    }
    tenantIds.set(key, tenant.id)
  }

  const made = await seedHosts(tx, fleet, siteIds, CredentialBox.fromText(sealingKey))
  count.hosts = made.size
  const { count: templates } = await tx.template.createMany({ data: [template], skipDuplicates: true })
  count.templates = templates
  count.vms = await announceGuests(tx, fleet, made, tenantIds)
  return { tenantIds: [...tenantIds.values()], count }
}

/** A path between every two sites, the smaller id first. */
async function linkAll(tx: Tx, siteIds: readonly string[]): Promise<number> {
  const sorted = [...siteIds].sort()
  const pairs = sorted.flatMap((from, index) =>
    sorted.slice(index + 1).map((to) => ({ fromSiteId: from, toSiteId: to })),
  )
  const { count } = await tx.link.createMany({ data: pairs, skipDuplicates: true })
  return count
}

/** @returns the hosts that are new, by name. Those that were there get the lab's present address and certificates. */
async function seedHosts(tx: Tx, fleet: Fleet, siteIds: ReadonlyMap<string, string>, box: CredentialBox) {
  // Hosts may have swapped addresses, which are unique.
  for (const { name } of fleet.hosts) await tx.host.updateMany({ where: { name }, data: { uri: `moving:${name}` } })
  const made = new Map<string, { id: string; siteId: string }>()
  for (const { name, siteKey, tlsUri, simulated, pki } of fleet.hosts) {
    const siteId = siteIds.get(siteKey)
    if (!siteId) throw new Error(`The host ${name} is at the site ${siteKey}, which the fleet does not name`)
    const existing = await tx.host.findUnique({ where: { name }, select: { id: true } })
    const id = existing?.id ?? randomUUID()
    const credential = pki ? box.seal({ tls: await readTls(pki) }, id) : null
    const reached = { uri: tlsUri, migrationUri: tlsUri, credential }
    await tx.host.upsert({ where: { name }, create: { id, name, siteId, simulated, ...reached }, update: reached })
    if (!existing) made.set(name, { id, siteId })
  }
  return made
}

async function readTls(pki: { caCertPath: string; certPath: string; keyPath: string }) {
  const [authority, certificate, key] = await Promise.all(
    [pki.caCertPath, pki.certPath, pki.keyPath].map((path) => readFile(path, 'utf8')),
  )
  return { authority, certificate, key }
}

/**
 * The lab makes its guests in the background when it starts for the first time: their rows are there before them, as
 * being created, so that each comes up in its tenant and with its tags. What they are like is read from the host.
 */
async function announceGuests(
  tx: Tx,
  fleet: Fleet,
  newHosts: ReadonlyMap<string, { id: string; siteId: string }>,
  tenantIds: ReadonlyMap<string, string>,
): Promise<number> {
  const data = fleet.guests.flatMap(({ name, uuid, tenantKey, tags, host }) => {
    const on = newHosts.get(host)
    if (!on) return []
    const tenantId = tenantIds.get(tenantKey) ?? null
    return [
      {
        ...{ uuid, name, tags, tenantId, hostId: on.id, siteId: on.siteId },
        ...{ state: 'creating', vcpuCount: 1, memoryBytes: template.minMemoryBytes },
      },
    ]
  })
  const { count } = await tx.vm.createMany({ data, skipDuplicates: true })
  return count
}
