import type { Prisma } from '#prisma/generated/client.ts'
import { recordSnapshots } from '#server/core/snapshot-table.ts'
import type { Db } from '#server/db.ts'
import type { HostAddress, HypervisorHost } from '#server/hypervisor/driver.ts'
import { libvirtDriver } from '#server/hypervisor/libvirt/driver.ts'
import { addressOf } from './host-source.ts'

export interface KnownHost {
  name: string
  site: string
  uri: string
  migrationUri: string
  /** Names of its pools whose files other hosts see under the same path */
  shared?: readonly string[]
}

/** Writes a host, its site, pools and networks as the hypervisor describes them. @returns the host's id */
export async function writeHostRow(db: Db, known: KnownHost): Promise<string> {
  const slug = known.site.toLowerCase()
  const site = await db.site.upsert({
    where: { slug },
    create: { name: known.site, slug, kind: 'region', latitude: 0, longitude: 0 },
    update: {},
  })
  const { devices: _, kvmOffered: __, ...facts } = await libvirtDriver.test({ uri: known.uri })
  const numbers = { memoryBytes: BigInt(facts.memoryBytes), memoryFreeBytes: BigInt(facts.memoryFreeBytes) }
  const { id } = await db.host.create({
    data: {
      ...facts,
      ...numbers,
      siteId: site.id,
      name: known.name,
      uri: known.uri,
      migrationUri: known.migrationUri,
      state: 'connected',
      accelerator: 'emulation',
    },
  })
  await withHost({ uri: known.uri }, async (host) => {
    await writePools(db, id, host, known.shared ?? [])
    for (const network of await host.listNetworks()) await db.network.create({ data: { ...network, hostId: id } })
  })
  return id
}

/** Reads the host's volumes again, as the inventory does from time to time. */
export async function writeVolumeRows(db: Db, hostId: string): Promise<void> {
  const row = await db.host.findUniqueOrThrow({ where: { id: hostId }, include: { storagePools: true } })
  const shared = row.storagePools.filter((pool) => pool.sharedKey).map((pool) => pool.name)
  await db.storagePool.deleteMany({ where: { hostId } })
  await withHost(addressOf(row), (host) => writePools(db, hostId, host, shared))
}

async function writePools(db: Db, hostId: string, host: HypervisorHost, shared: readonly string[]): Promise<void> {
  for (const { volumes, ...pool } of await host.listStoragePools()) {
    await db.storagePool.create({
      data: {
        ...pool,
        hostId,
        sharedKey: shared.includes(pool.name) ? `test:${pool.name}` : null,
        capacityBytes: BigInt(pool.capacityBytes),
        allocationBytes: BigInt(pool.allocationBytes),
        availableBytes: BigInt(pool.availableBytes),
        volumes: {
          create: volumes.map((volume) => ({
            ...volume,
            capacityBytes: BigInt(volume.capacityBytes),
            allocationBytes: BigInt(volume.allocationBytes),
          })),
        },
      },
    })
  }
}

/** Writes a VM as its host describes it now. @returns the VM's id */
export async function writeVmRow(
  db: Db,
  hostId: string,
  uuid: string,
  more: Partial<Prisma.VmUncheckedCreateInput> = {},
) {
  const row = await db.host.findUniqueOrThrow({ where: { id: hostId } })
  return withHost(addressOf(row), async (host) => {
    const facts = await host.readVm(uuid, { withNext: true })
    if (!facts) throw new Error(`${row.name} has no VM ${uuid}`)
    const { disks, interfaces, graphics, snapshots, incoming: _, ...vm } = facts
    await db.vm.deleteMany({ where: { uuid } })
    const { id } = await db.vm.create({
      data: {
        ...vm,
        memoryBytes: BigInt(vm.memoryBytes),
        graphics: graphics.map((each) => ({ ...each })),
        hostId,
        siteId: row.siteId,
        disks: {
          create: disks.map((disk) => ({
            ...disk,
            capacityBytes: BigInt(disk.capacityBytes),
            allocationBytes: BigInt(disk.allocationBytes),
          })),
        },
        interfaces: { create: interfaces },
        ...more,
      },
    })
    await recordSnapshots(db, id, snapshots)
    return id
  })
}

async function withHost<T>(address: HostAddress, work: (host: HypervisorHost) => Promise<T>): Promise<T> {
  const host = libvirtDriver.open(address)
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${address.uri} did not answer within 20 s`)), 20_000)
      host.onConnection((state) => {
        if (state.state !== 'connected') return
        clearTimeout(timer)
        resolve()
      })
    })
    return await work(host)
  } finally {
    await host.close()
  }
}
