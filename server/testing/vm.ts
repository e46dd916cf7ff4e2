import { randomUUID } from 'node:crypto'
import type { Prisma } from '#prisma/generated/client.ts'
import type { Db } from '#server/db.ts'

/** Writes a site with one host; `db` sees the whole fleet. */
export async function createHost(db: Db, name = `host-${randomUUID().slice(0, 8)}`) {
  const site = await db.site.create({
    data: { name: `Site of ${name}`, slug: `site-of-${name}`, kind: 'region', latitude: 59, longitude: 10 },
  })
  const room = { cpuCount: 16, memoryBytes: 2n ** 36n, memoryFreeBytes: 2n ** 36n }
  return db.host.create({
    data: { ...room, name, siteId: site.id, uri: `qemu+tls://${name}/system`, state: 'connected' },
  })
}

export function createVm(
  db: Db,
  host: { id: string; siteId: string },
  tenantId: string | null,
  data: Partial<Prisma.VmUncheckedCreateInput> = {},
) {
  const name = data.name ?? `vm-${randomUUID().slice(0, 8)}`
  return db.vm.create({
    data: {
      uuid: randomUUID(),
      hostId: host.id,
      siteId: host.siteId,
      tenantId,
      state: 'running',
      vcpuCount: 1,
      memoryBytes: 2n ** 30n,
      ...data,
      name,
    },
  })
}
