import { randomUUID } from 'node:crypto'
import type { Tx } from '#server/db.ts'
import { conflict, invalid, notFound } from '#server/errors.ts'
import type { CloneVmInput, CloneVmPlan, CreateVmInput, CreateVmPlan } from '#server/schema/vm-action.ts'
import { vmRule } from '#server/schema/vm-rule.ts'
import { findEarlier } from './idempotency.ts'
import { demandNetworks } from './network-grant.ts'
import { type Asker, enqueue } from './operation.ts'
import { placeVm } from './placement.ts'
import { reserve } from './quota.ts'
import { unsafeWholeFleet } from './whole-fleet.ts'

/**
 * Takes the room, writes the VM's row in the state `creating`, which holds its place and counts against the quota, and
 * enqueues the work; all in the asker's transaction.
 */
export async function requestCreate(asker: Asker, input: CreateVmInput, idempotencyKey: string | null) {
  const { tx } = asker
  const { siteId, hostId, ...wanted } = input
  const asked = { ...wanted, siteId, askedHostId: hostId }
  const earlier = await findEarlier(asker, { kind: 'create-vm', input: asked, isPlanned: true, key: idempotencyKey })
  if (earlier) return earlier
  const template = input.templateId ? await tx.template.findUnique({ where: { id: input.templateId } }) : null
  if (input.templateId && !template) throw notFound('template', input.templateId)
  if (input.userData !== null && !template?.cloudInit) {
    throw invalid('This template does not take cloud-init user data.', { field: 'userData' })
  }
  const firstDisk = input.disks[0]?.sizeBytes ?? 0
  if (template && firstDisk < Number(template.minDiskBytes)) {
    throw invalid(`${template.name} needs a first disk of ${template.minDiskBytes} bytes at least.`, { field: 'disks' })
  }
  if (template && input.memoryBytes < Number(template.minMemoryBytes)) {
    throw invalid(`${template.name} needs ${template.minMemoryBytes} bytes of memory at least.`, {
      field: 'memoryBytes',
    })
  }
  const diskBytes = input.disks.reduce((sum, disk) => sum + disk.sizeBytes, 0)
  const { vcpuCount, memoryBytes } = input
  await reserve(tx, input.tenantId, size({ vcpuCount, memoryBytes, diskBytes }))
  const where = hostId ? { hostId } : { siteId }
  const grantedNetworks = await demandNetworks(tx, input.tenantId, where, input.networks)
  const need = { vcpuCount, memoryBytes, diskBytes, networks: input.networks, grantedNetworks, template }
  const place = await unsafeWholeFleet(tx, () => placeVm(tx, where, need))
  const plan: CreateVmPlan = {
    ...asked,
    uuid: randomUUID(),
    hostId: place.hostId,
    template: template && { pool: template.poolName, volume: template.volumeName },
    pool: place.pool,
  }
  const vm = await insertReserved(tx, { ...plan, diskBytes })
  return enqueue(asker, {
    kind: 'create-vm',
    target: { kind: 'vm', id: vm.id, name: plan.name },
    tenantId: plan.tenantId,
    hostId: plan.hostId,
    input: plan,
    reserved: { memoryBytes: plan.memoryBytes },
    idempotencyKey,
  })
}

interface Original {
  id: string
  name: string
  state: string
  hostId: string
  tenantId: string | null
  vcpuCount: number
  memoryBytes: bigint
  diskBytes: bigint
  tags: string[]
  templateId: string | null
  standsOnId: string | null
}

/**
 * A twin of a VM that is off, on the same host. The operation is the original's, which is locked by it while its disks are
 * copied; the twin takes no other operation as long as it is in the state `creating`.
 */
export async function requestClone(asker: Asker, vm: Original, input: CloneVmInput, idempotencyKey: string | null) {
  const asked = { ...input, sourceVmId: vm.id }
  const earlier = await findEarlier(asker, { kind: 'clone-vm', input: asked, isPlanned: true, key: idempotencyKey })
  if (earlier) return earlier
  const ruling = vmRule(vm, 'clone')
  if (ruling !== true) throw conflict(`${vm.name} can’t be cloned now. ${ruling}`)
  await reserve(asker.tx, vm.tenantId, size(vm))
  const uuid = randomUUID()
  const { diskBytes, memoryBytes } = vm
  const sizes = { diskBytes: Number(diskBytes), memoryBytes: Number(memoryBytes) }
  const twin = await insertReserved(asker.tx, { ...vm, ...input, ...sizes, uuid })
  const plan: CloneVmPlan = { ...asked, uuid, twinId: twin.id, hostId: vm.hostId }
  return enqueue(asker, {
    kind: 'clone-vm',
    target: { kind: 'vm', id: vm.id, name: vm.name },
    tenantId: vm.tenantId,
    hostId: vm.hostId,
    input: plan,
    idempotencyKey,
  })
}

interface ReservedVm {
  uuid: string
  name: string
  notes: string
  tags: string[]
  tenantId: string | null
  hostId: string
  templateId: string | null
  vcpuCount: number
  memoryBytes: number
  diskBytes: number
  /** The recovery point that it shares blocks with */
  standsOn?: { id: string; archiveStoreId: string | null }
  follows?: boolean
}

export async function insertReserved(tx: Tx, wanted: ReservedVm) {
  const { siteId, draining } = await tx.host.findUniqueOrThrow({
    where: { id: wanted.hostId },
    select: { siteId: true, draining: true },
  })
  if (draining) {
    throw conflict(
      'Its host is being drained and takes no new VMs.',
      'Wait until the host is open again, or choose another.',
    )
  }
  const { hostId: onHost, name: wantedName } = wanted
  const namesake = await unsafeWholeFleet(tx, () =>
    tx.vm.findFirst({ where: { hostId: onHost, name: wantedName }, select: { id: true } }),
  )
  if (namesake) throw conflict(`There is a VM named ${wanted.name} on that host already.`, 'Choose another name.')
  const { uuid, name, notes, tags, tenantId, hostId, templateId, vcpuCount } = wanted
  return tx.vm.create({
    data: {
      ...{ uuid, name, notes, tags, tenantId, hostId, siteId, templateId, vcpuCount },
      memoryBytes: BigInt(wanted.memoryBytes),
      diskBytes: BigInt(wanted.diskBytes),
      state: 'creating',
      standsOnId: wanted.standsOn?.id ?? null,
      standsOnArchiveStoreId: wanted.standsOn?.archiveStoreId ?? null,
      follows: wanted.follows ?? false,
    },
    select: { id: true },
  })
}

export const size = (vm: { vcpuCount: number; memoryBytes: number | bigint; diskBytes: number | bigint }) => ({
  vms: 1,
  vcpus: vm.vcpuCount,
  memoryBytes: BigInt(vm.memoryBytes),
  diskBytes: BigInt(vm.diskBytes),
})
