import { randomUUID } from 'node:crypto'
import type { Template, Vm } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { conflict, invalid, SkerryError } from '#server/errors.ts'
import {
  firstDiskOf,
  type MakeTemplateInput,
  type MakeTemplatePlan,
  type TemplateImage,
  type TemplateInput,
} from '#server/schema/template.ts'
import type { NewOperation } from './operation.ts'
import { slug } from './slug.ts'
import { demandState, operationOn } from './vm-request.ts'

/** Every template with the hosts and sites where VMs can be made of it. */
export async function listTemplates(tx: Tx) {
  const templates = await tx.template.findMany({ orderBy: { name: 'asc' } })
  const places = await tx.$queryRaw<{ id: string; hostId: string; siteId: string }[]>`
    SELECT template.id::text, host.id::text AS "hostId", host.site_id::text AS "siteId"
    FROM template JOIN storage_pool AS pool ON pool.name = template.pool_name AND pool.active
    JOIN volume ON volume.storage_pool_id = pool.id AND volume.name = template.volume_name
    JOIN host ON host.id = pool.host_id`
  const at = Map.groupBy(places, ({ id }) => id)
  return templates.map((template) => {
    const rows = at.get(template.id) ?? []
    return {
      ...template,
      hostIds: rows.map(({ hostId }) => hostId),
      siteIds: [...new Set(rows.map(({ siteId }) => siteId))],
    }
  })
}

/** More than a person reads through; they search. */
const mostImages = 200

/** Volumes that a template can be made with: disk images that no VM writes to. */
export async function listImages(tx: Tx, search: string): Promise<TemplateImage[]> {
  return tx.$queryRaw<TemplateImage[]>`
    WITH found AS (
      SELECT pool.name AS pool_name, volume.name AS volume_name, volume.path, volume.format, volume.capacity_bytes,
        host.id AS host_id, host.name AS host_name
      FROM volume JOIN storage_pool AS pool ON pool.id = volume.storage_pool_id AND pool.active
      JOIN host ON host.id = pool.host_id
      WHERE volume.format IN ('qcow2', 'raw') AND position(lower(${search}) IN lower(pool.name || '/' || volume.name)) > 0
    ), own_disk AS (
      SELECT vm.host_id, disk.source, disk.pool_name, disk.volume_name FROM disk JOIN vm ON vm.id = disk.vm_id
    ), written AS (
      SELECT found.pool_name, found.volume_name FROM found
      JOIN own_disk ON own_disk.host_id = found.host_id AND own_disk.source = found.path
      UNION SELECT found.pool_name, found.volume_name FROM found
      JOIN own_disk USING (host_id, pool_name, volume_name)
    )
    SELECT found.pool_name AS "poolName", found.volume_name AS "volumeName", max(found.format) AS format,
      max(found.capacity_bytes)::float8 AS "capacityBytes",
      array_agg(found.host_name ORDER BY found.host_name) AS "hostNames", template.name AS "templateName"
    FROM found LEFT JOIN template USING (pool_name, volume_name)
    WHERE NOT EXISTS (SELECT FROM written WHERE (written.pool_name, written.volume_name) = (found.pool_name, found.volume_name))
    GROUP BY found.pool_name, found.volume_name, template.name
    ORDER BY found.pool_name = 'default', found.pool_name, found.volume_name LIMIT ${mostImages}`
}

export async function createTemplate(tx: Tx, input: TemplateInput): Promise<{ id: string }> {
  await refuseDouble(tx, input)
  await refuseUnusable(tx, input, null)
  return tx.template.create({ data: dataOf(input), select: { id: true } })
}

/** An image that stays the same is not asked for: its hosts may be away for now. */
export async function editTemplate(tx: Tx, template: Template, input: TemplateInput): Promise<void> {
  await refuseDouble(tx, input, template.id)
  await refuseUnusable(tx, input, template)
  await tx.template.update({ where: { id: template.id }, data: dataOf(input) })
}

/** Its image stays where it is, and so do the VMs made of it. */
export async function deleteTemplate(tx: Tx, { id }: Template): Promise<void> {
  await tx.template.delete({ where: { id } })
}

const dataOf = ({ minMemoryBytes, minDiskBytes, ...input }: TemplateInput) => ({
  ...input,
  minMemoryBytes: BigInt(minMemoryBytes),
  minDiskBytes: BigInt(minDiskBytes),
})

const refused = (field: keyof TemplateInput, message: string, wayOut: string) =>
  new SkerryError('conflict', message, { field, wayOut })

/** @throws conflict when another template has the name or the image */
async function refuseDouble(tx: Tx, { name, poolName, volumeName }: TemplateInput, id?: string) {
  await refuseName(tx, name, id)
  const others = id ? { id: { not: id } } : {}
  const other = await tx.template.findFirst({ where: { ...others, poolName, volumeName }, select: { name: true } })
  if (other)
    throw refused('volumeName', `It is the image of ${other.name} already.`, 'Edit that one, or choose another.')
}

async function refuseName(tx: Tx, name: string, id?: string) {
  const other = await tx.template.findUnique({ where: { name }, select: { id: true } })
  if (!other || other.id === id) return
  throw refused('name', `There is a template named ${name} already.`, 'Choose another name.')
}

/** @throws invalid or conflict when no VM could be made with that image and that size of disk */
async function refuseUnusable(tx: Tx, input: TemplateInput, before: Template | null): Promise<void> {
  const { poolName, volumeName, minDiskBytes } = input
  const volumes = await tx.volume.findMany({
    where: { name: volumeName, storagePool: { name: poolName, active: true } },
    select: { path: true, format: true, capacityBytes: true, storagePool: { select: { hostId: true } } },
  })
  const isKept = before?.poolName === poolName && before.volumeName === volumeName
  if (!isKept) await refuseImage(tx, input, volumes)
  const capacityBytes = Math.max(0, ...volumes.map((volume) => Number(volume.capacityBytes)))
  refuseSmaller(minDiskBytes, capacityBytes)
}

function refuseSmaller(minDiskBytes: number, capacityBytes: number): void {
  if (minDiskBytes >= capacityBytes) return
  const least = `${Math.ceil(capacityBytes / 2 ** 20)} MiB`
  throw invalid(`The image is a disk of ${least}: VMs need as much at least.`, { field: 'minDiskBytes' })
}

interface ImageVolume {
  path: string
  format: string | null
  storagePool: { hostId: string }
}

async function refuseImage(tx: Tx, { poolName, volumeName }: TemplateInput, volumes: readonly ImageVolume[]) {
  if (volumes.length === 0) {
    throw invalid(`No host has ${volumeName} in an active storage pool ${poolName}.`, {
      field: 'volumeName',
      wayOut: 'Put it there and have libvirt read the pool again (virsh pool-refresh), or choose another.',
    })
  }
  if (volumes.some(({ format }) => format !== 'qcow2' && format !== 'raw')) {
    throw invalid(`${volumeName} is no disk image: it takes qcow2 or raw.`, { field: 'volumeName' })
  }
  const disk = await tx.disk.findFirst({
    where: {
      OR: volumes.map(({ path, storagePool: { hostId } }) => ({
        vm: { hostId },
        OR: [{ source: path }, { poolName, volumeName }],
      })),
    },
    select: { vm: { select: { name: true } } },
  })
  if (disk)
    throw refused('volumeName', `It is a disk of ${disk.vm.name}, which may write to it.`, 'Choose a copy of it.')
}

/**
 * A template of a VM: what is to be enqueued.
 * @throws conflict or invalid with the reason why not
 */
export async function templateOfVm(tx: Tx, vm: Vm, input: MakeTemplateInput): Promise<NewOperation> {
  demandState(vm, 'make-template')
  await refuseName(tx, input.name)
  const disk = firstDiskOf(await tx.disk.findMany({ where: { vmId: vm.id } }))
  if (!disk) throw conflict(`${vm.name} has no disk of its own.`, 'Choose another VM.')
  refuseSmaller(input.minDiskBytes, Number(disk.capacityBytes))
  const pool = await tx.storagePool.findUnique({
    where: { hostId_name: { hostId: vm.hostId, name: input.poolName } },
  })
  if (!pool?.active) throw invalid(`Its host has no active storage pool ${input.poolName}.`, { field: 'poolName' })
  const needBytes = disk.allocationBytes || disk.capacityBytes
  if (pool.availableBytes < needBytes) throw refused('poolName', 'There is not enough room.', 'Choose another pool.')
  const plan: MakeTemplatePlan = { ...input, templateId: randomUUID(), hostId: vm.hostId }
  return operationOn(vm, { kind: 'make-template', input: plan })
}

/** Of the volume that is made for a template of this name. */
export const imageNameOf = (templateName: string) => `${slug(templateName) || 'template'}.qcow2`

/** What stands on the template's image itself, as far as the hosts' volumes tell. VMs made by Skerry have copies. */
export async function readTemplateUse(tx: Tx, template: Pick<Template, 'poolName' | 'volumeName'>) {
  const images = await tx.volume.findMany({
    where: { name: template.volumeName, storagePool: { name: template.poolName } },
    select: {
      path: true,
      allocationBytes: true,
      storagePool: { select: { hostId: true, host: { select: { name: true } } } },
    },
    orderBy: { storagePool: { host: { name: 'asc' } } },
  })
  const onHost = images.map(({ path, storagePool }) => ({ path, hostId: storagePool.hostId }))
  const overlays = await tx.volume.findMany({
    where: { OR: onHost.map(({ path, hostId }) => ({ backingPath: path, storagePool: { hostId } })) },
    select: { path: true, name: true, storagePool: { select: { hostId: true } } },
    orderBy: { name: 'asc' },
  })
  const vms = await tx.vm.findMany({
    where: {
      OR: [
        ...onHost.map(({ path, hostId }) => ({ hostId, disks: { some: { backingPath: path } } })),
        ...overlays.map(({ path, storagePool: { hostId } }) => ({ hostId, disks: { some: { source: path } } })),
      ],
    },
    select: { id: true, name: true },
    orderBy: { name: 'asc' },
  })
  return {
    hostNames: images.map(({ storagePool }) => storagePool.host.name),
    vms,
    volumeNames: overlays.map(({ name }) => name),
  }
}
