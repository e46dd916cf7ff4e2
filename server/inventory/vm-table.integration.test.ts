import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { VmFacts } from '#server/hypervisor/facts.ts'
import { readVmXml } from '#server/hypervisor/libvirt/xml/vm.ts'
import { databaseForTests } from '#server/testing/database-for-tests.ts'
import { createHost, createVm } from '#server/testing/vm.ts'
import { writeDiskSizes } from './stat-table.ts'
import { writeVms } from './vm-table.ts'

const own = databaseForTests()
const gib = 2 ** 30

/** A VM of one disk as its host tells of it; 0: the host is busy with it, and leaves the size out. */
function factsOf(uuid: string, capacityBytes: number): VmFacts {
  const defined = readVmXml(`<domain type='kvm'><name>web</name><uuid>${uuid}</uuid><memory unit='MiB'>64</memory>
    <vcpu>1</vcpu><os><type>hvm</type></os><devices><disk type='file' device='disk'><source file='/pool/web.qcow2'/>
    <target dev='vda' bus='virtio'/></disk></devices></domain>`)
  return {
    ...defined,
    ...{ state: 'running', stateReason: 'booted', incoming: false, persistent: true, autostart: false, snapshots: [] },
    nextXml: null,
    disks: defined.disks.map((disk) => ({ ...disk, capacityBytes, allocationBytes: capacityBytes / 2 })),
  }
}

test('a size that a busy host leaves out is never taken for 0: what a VM was made with counts until it is told', async () => {
  const { db } = own
  const host = await createHost(db)
  const uuid = randomUUID()
  const { id } = await createVm(db, host, null, { uuid, name: 'web', diskBytes: BigInt(10 * gib) })
  const seen = (capacityBytes: number) =>
    writeVms(db, host.id, [factsOf(uuid, capacityBytes)], { events: [], withDevices: new Set([uuid]) })
  const known = async () => {
    const { diskBytes, disks } = await db.vm.findUniqueOrThrow({ where: { id }, include: { disks: true } })
    return { inAll: Number(diskBytes) / gib, disks: disks.map(({ capacityBytes }) => Number(capacityBytes) / gib) }
  }
  await seen(0)
  expect((await known()).inAll).toBe(10)
  await seen(8 * gib)
  expect(await known()).toEqual({ inAll: 8, disks: [8] })
  await seen(0)
  expect(await known()).toEqual({ inAll: 8, disks: [8] })
  const told = { vmId: id, target: 'vda', allocationBytes: gib }
  await writeDiskSizes(db, [{ ...told, capacityBytes: 0 }])
  expect(await known()).toEqual({ inAll: 8, disks: [8] })
  await writeDiskSizes(db, [{ ...told, capacityBytes: 9 * gib }])
  expect(await known()).toEqual({ inAll: 9, disks: [9] })
})
