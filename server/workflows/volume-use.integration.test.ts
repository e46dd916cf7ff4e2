import { randomUUID } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import { taggedName } from '#server/core/volume-name.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { StoragePoolFacts, VmFacts } from '#server/hypervisor/facts.ts'
import { databaseForTests } from '#server/testing/database-for-tests.ts'
import { createHost, createVm } from '#server/testing/vm.ts'
import { type OldDisk, volumesToDelete } from './volume-use.ts'

const own = databaseForTests()
let hosts: Awaited<ReturnType<typeof createHost>>[]
beforeEach(async () => {
  hosts = await Promise.all([createHost(own.db), createHost(own.db)])
  const sharedKey = randomUUID()
  for (const [index, host] of hosts.entries()) {
    const pool = { hostId: host.id, kind: 'dir', active: true }
    await own.db.storagePool.create({ data: { ...pool, name: 'local', path: '/local' } })
    await own.db.storagePool.create({ data: { ...pool, name: 'nas', path: `/nas${index + 1}`, sharedKey } })
  }
})

const vmUuid = randomUUID()
const disk = (source: string, more: Partial<OldDisk> = {}): OldDisk => ({
  ...{ target: 'vda', source, poolName: null, volumeName: null, device: 'disk', readOnly: false, shareable: false },
  ...more,
})

/** A host whose pools are the folders of its paths, with what its VMs and volumes stand on. */
async function judge(
  disks: OldDisk[],
  seen: { vms?: { uuid: string; disks: Partial<VmFacts['disks'][0]>[] }[]; volumes?: object[] } = {},
) {
  const answers: Partial<HypervisorHost> = {
    listVms: async () => (seen.vms ?? []) as unknown as VmFacts[],
    listStoragePools: async () => [{ volumes: seen.volumes ?? [] }] as unknown as StoragePoolFacts[],
    findVolume: async (at) => {
      const path = typeof at === 'string' ? at : `/${at.pool}/${at.name}`
      const [root, folder = '', name] = path.split('/')
      if (root !== '') return null
      return { pool: folder.replace(/\d/, ''), name, path } as Awaited<ReturnType<HypervisorHost['findVolume']>>
    },
  }
  const place = { db: own.db, host: answers as HypervisorHost, hostId: hosts[0]?.id ?? '', vmUuid }
  const { doomed, kept } = await volumesToDelete(place, disks)
  return { doomed: doomed.map(({ name }) => name), kept: kept.map(({ name, reason }) => `${name}: ${reason}`) }
}

test('a disk of its own goes; one in use by another VM, or by another disk of its own, stays', async () => {
  expect(await judge([disk('/local/a')])).toEqual({ doomed: ['a'], kept: [] })
  const other = { uuid: randomUUID(), disks: [{ target: 'vda', source: '/local/a' }] }
  expect(await judge([disk('/local/a')], { vms: [other] })).toEqual({ doomed: [], kept: ['a: another VM uses it'] })
  const byPool = { uuid: randomUUID(), disks: [{ target: 'vda', source: null, poolName: 'local', volumeName: 'a' }] }
  expect((await judge([disk('/local/a')], { vms: [byPool] })).doomed).toEqual([])
  const own = { uuid: vmUuid, disks: ['vda', 'vdb'].map((target) => ({ target, source: '/local/a' })) }
  expect((await judge([disk('/local/a')], { vms: [own] })).doomed).toEqual([])
})

test('one that its definition names by its pool goes too, but not what another VM names by its path', async () => {
  const byPool = disk('local/a', { poolName: 'local', volumeName: 'a' })
  expect(await judge([byPool])).toEqual({ doomed: ['a'], kept: [] })
  const other = { uuid: randomUUID(), disks: [{ target: 'vda', source: '/local/a' }] }
  expect(await judge([byPool], { vms: [other] })).toEqual({ doomed: [], kept: ['a: another VM uses it'] })
})

test('discs, read-only images, shared disks and templates stay; a disc that Skerry made goes', async () => {
  const made = taggedName('web-seed.iso', randomUUID())
  await own.db.template.create({
    data: {
      ...{ name: randomUUID(), operatingSystem: 'linux', poolName: 'local', volumeName: 'base.qcow2' },
      ...{ minMemoryBytes: 1n, minDiskBytes: 1n },
    },
  })
  const images = [
    disk('/local/install.iso', { device: 'cdrom', readOnly: true }),
    disk('/local/tools', { target: 'vdb', readOnly: true }),
    disk('/local/cluster', { target: 'vdc', shareable: true }),
    disk('/local/base.qcow2', { target: 'vdd' }),
    disk(`/local/${made}`, { target: 'sda', device: 'cdrom', readOnly: true }),
  ]
  expect(await judge(images)).toEqual({
    doomed: [made],
    kept: [
      'install.iso: it is an image',
      'tools: it is an image',
      'cluster: it is shared',
      'base.qcow2: it is a template',
    ],
  })
})

test('what a volume stands on stays, and so does what that one stands on', async () => {
  const volumes = [
    { path: '/local/a', backingPath: '/local/b' },
    { path: '/local/x', backingPath: '/local/a' },
  ]
  const chain = [disk('/local/a'), disk('/local/b', { target: 'vdb' })]
  expect((await judge(chain, { volumes })).doomed).toEqual([])
  expect((await judge(chain, { volumes: volumes.slice(0, 1) })).doomed).toEqual(['a', 'b'])
})

test('in a shared pool the VMs and volumes of the other hosts count, wherever they have it mounted', async () => {
  const [, other] = hosts
  if (!other) throw new Error('two hosts')
  expect((await judge([disk('/nas1/a')])).doomed).toEqual(['a'])
  const vm = await createVm(own.db, other, null, { state: 'off' })
  const source = { vmId: vm.id, target: 'vda', bus: 'virtio', device: 'disk', kind: 'file', source: '/nas2/a' }
  await own.db.disk.create({ data: source })
  expect(await judge([disk('/nas1/a')])).toEqual({ doomed: [], kept: ['a: another VM uses it'] })
  // The same path in a pool that is not shared is another file.
  await own.db.disk.updateMany({ where: { vmId: vm.id }, data: { source: '/local/a' } })
  expect((await judge([disk('/local/a')])).doomed).toEqual(['a'])
  const pool = await own.db.storagePool.findFirstOrThrow({ where: { hostId: other.id, name: 'nas' } })
  const overlay = { name: 'x', path: '/nas2/x', backingPath: '/nas2/a', capacityBytes: 1n, allocationBytes: 1n }
  const made = await own.db.volume.create({ data: { storagePoolId: pool.id, ...overlay } })
  expect((await judge([disk('/nas1/a')])).doomed).toEqual([])
  const local = await own.db.storagePool.findFirstOrThrow({ where: { hostId: other.id, name: 'local' } })
  await own.db.volume.update({
    where: { id: made.id },
    data: { storagePoolId: local.id, path: '/local/x' },
  })
  expect((await judge([disk('/nas1/a')])).doomed, 'what stands on it may be local').toEqual([])
})
