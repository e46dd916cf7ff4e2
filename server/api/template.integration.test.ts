import { setTimeout as delay } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { waitForAgent } from '#lab/guest/guest.ts'
import type { Caller } from '#server/testing/call.ts'
import { fleetForTests } from '#server/testing/fleet-for-tests.ts'
import { writeVmRow, writeVolumeRows } from '#server/testing/fleet-rows.ts'
import { judgeOf } from '#server/testing/judge.ts'
import { askCreate, mib } from '#server/testing/new-vm.ts'
import { makeOverlay } from '#server/testing/overlay.ts'

/** Templates as an operator keeps them, of images that a real host has. */
const { fleet, a, operator, setHooks } = fleetForTests('template', ['a'])
const images = '/var/lib/libvirt/images'

let asOperator: Caller
beforeAll(async () => {
  asOperator = await operator()
  await fleet.guest('a', { name: 'busy', off: true })
  await a.lab.run(
    'qemu-img',
    'convert',
    '-O',
    'raw',
    '/var/lib/libvirt/templates/tiny-linux.qcow2',
    `${images}/base.img`,
  )
  await readAgain()
})

async function readAgain() {
  await a.lab.virsh('pool-refresh', 'default')
  await writeVolumeRows(fleet.db, a.id)
}
const input = (more: object = {}) => ({
  ...{ name: 'Base', operatingSystem: 'Linux', poolName: 'default', volumeName: 'base.img', cloudInit: true },
  ...{ defaultVcpus: 1, minMemoryBytes: 96 * mib, minDiskBytes: 64 * mib },
  ...more,
})
const diskInfo = async (path: string) =>
  JSON.parse(await a.lab.run('qemu-img', 'info', '-U', '--output=json', path)) as {
    format: string
    'virtual-size': number
    'actual-size': number
    'backing-filename'?: string
  }

test('offered are the disk images of its pools, but for disks of VMs', async () => {
  const offered = await asOperator.template.images({})
  expect(offered.map(({ poolName, volumeName }) => `${poolName}/${volumeName}`)).toEqual([
    'templates/tiny-linux.qcow2',
    'default/base.img',
  ])
  expect(offered[1]).toMatchObject({ format: 'raw', capacityBytes: 64 * mib, hostNames: ['a'], templateName: null })
  expect((await asOperator.template.images({ search: 'BASE' })).map(({ volumeName }) => volumeName)).toEqual([
    'base.img',
  ])
})

test('refused is what no VM could be made of', async () => {
  const busy = (await judgeOf(a, 'busy').files())[0] ?? ''
  const refusals: [object, string, RegExp][] = [
    [{ volumeName: 'none.qcow2' }, 'volumeName', /No host has none.qcow2/],
    [{ volumeName: busy }, 'volumeName', /a disk of busy/],
    [{ minDiskBytes: 48 * mib }, 'minDiskBytes', /disk of 64 MiB/],
  ]
  for (const [more, field, message] of refusals) {
    const refused = asOperator.template.create(input(more))
    await expect(refused).rejects.toMatchObject({ message: expect.stringMatching(message), cause: { field } })
  }
  expect(await fleet.db.template.count()).toBe(0)
})

test('a VM of a template of a raw image boots, on a disk that is its own', async () => {
  const { id } = await asOperator.template.create(input())
  expect(await asOperator.template.list()).toMatchObject([{ id, name: 'Base', hostIds: [a.id] }])
  const again = asOperator.template.create(input({ name: 'Other' }))
  await expect(again).rejects.toMatchObject({ message: 'It is the image of Base already.' })
  const end = await fleet.ended((await askCreate(fleet, 'made', { templateId: id, userData: '#cloud-config\n' })).id)
  expect(end.error).toBeNull()
  await waitForAgent(a.lab, 'made')
  const path = (await judgeOf(a, 'made').files()).find((file) => file.startsWith('made-vda'))
  const disk = await diskInfo(`${images}/${path}`)
  expect(disk).toMatchObject({ format: 'qcow2', 'virtual-size': 80 * mib })
  expect(disk['backing-filename']).toBeUndefined()
})

test('of a VM that is off a template is made with a disk of its own', async () => {
  const vmId = async (name: string) => (await fleet.db.vm.findFirstOrThrow({ where: { name } })).id
  const { volumeName: _, ...wanted } = input({ name: 'Busy’s Image' })
  await expect(asOperator.template.makeOfVm({ vmId: await vmId('made'), ...wanted })).rejects.toThrow(/Shut it down/)
  const busy = { vmId: await vmId('busy'), ...wanted }
  await expect(asOperator.template.makeOfVm({ ...busy, poolName: 'none' })).rejects.toThrow(
    /no active storage pool none/,
  )
  await expect(asOperator.template.makeOfVm({ ...busy, minDiskBytes: 32 * mib })).rejects.toThrow(/disk of 64 MiB/)
  await expect(asOperator.template.makeOfVm({ ...busy, name: 'Base' })).rejects.toThrow(/named Base already/)
  const { operationId } = await asOperator.template.makeOfVm(busy)
  expect((await fleet.ended(operationId)).error).toBeNull()
  const made = (await asOperator.template.list()).find(({ name }) => name === 'Busy’s Image')
  expect(made).toMatchObject({
    poolName: 'default',
    volumeName: expect.stringMatching(/^busy-s-image\./),
    hostIds: [a.id],
  })
  const [disk] = await judgeOf(a, 'busy.').files()
  const image = `${images}/${made?.volumeName}`
  expect(await a.lab.run('qemu-img', 'compare', `${images}/${disk}`, image)).toContain('identical')
  expect((await diskInfo(image))['backing-filename']).toBeUndefined()
})

test('the first disk is the first by its target, wherever it stands; how fast it is copied is told', async () => {
  const { uuid, diskPath } = await fleet.guest('a', { name: 'pair', off: true })
  await a.lab.run('cp', `${images}/base.img`, `${images}/pair-first.img`)
  await a.lab.run('qemu-io', '-f', 'raw', '-c', 'write -P 7 1M 8M', `${images}/pair-first.img`)
  const attach = ['--targetbus', 'sata', '--subdriver', 'raw', '--config']
  await a.lab.virsh('attach-disk', 'pair', `${images}/pair-first.img`, 'sda', ...attach)
  const targets = [...(await judgeOf(a, 'pair').xml('pair')).matchAll(/<target dev='(...)'/g)].map(
    ([, target]) => target,
  )
  expect(targets).toEqual(['vda', 'sda'])
  await readAgain()
  const vmId = await writeVmRow(fleet.db, a.id, uuid)
  const told: object[] = []
  setHooks({
    async aroundStep({ operationId, step }, run) {
      const result = await run()
      if (step === 'copy the disk') {
        await delay(1_000)
        told.push(await fleet.db.operation.findUniqueOrThrow({ where: { id: operationId } }))
      }
      return result
    },
  })
  const { volumeName: _, ...wanted } = input({ name: 'Pair', minDiskBytes: 64 * mib })
  const { operationId } = await asOperator.template.makeOfVm({ vmId, ...wanted })
  expect((await fleet.ended(operationId)).error).toBeNull()
  setHooks({})
  const { volumeName } = await fleet.db.template.findUniqueOrThrow({ where: { name: 'Pair' } })
  const compare = (path: string) => a.lab.run('qemu-img', 'compare', path, `${images}/${volumeName}`)
  expect(await compare(`${images}/pair-first.img`)).toContain('identical')
  await expect(compare(diskPath)).rejects.toThrow()
  const copied = BigInt((await diskInfo(`${images}/pair-first.img`))['actual-size'])
  expect(told).toMatchObject([{ progressUnit: 'bytes', progressDone: copied, progressTotal: copied }])
  expect(told).toMatchObject([{ phase: 'copying its first disk', ratePerSecond: expect.any(Number) }])
  await asOperator.template.delete({ id: (await fleet.db.template.findUniqueOrThrow({ where: { name: 'Pair' } })).id })
})

test('changed and deleted, each with its audit entry; the image and what was made of it stay', async () => {
  const { id } = await fleet.db.template.findUniqueOrThrow({ where: { name: 'Base' } })
  await asOperator.template.edit({ id, ...input({ name: 'Base 2', minMemoryBytes: 128 * mib }) })
  await expect(askCreate(fleet, 'small', { templateId: id })).rejects.toThrow(/Base 2 needs/)

  await makeOverlay(a, `${images}/on-it.qcow2`, { path: `${images}/base.img`, format: 'raw' })
  await a.lab.virsh('attach-disk', 'busy', `${images}/on-it.qcow2`, 'vdb', '--subdriver', 'qcow2', '--config')
  await readAgain()
  const busy = await fleet.db.vm.findFirstOrThrow({ where: { name: 'busy' } })
  await fleet.db.disk.create({
    data: {
      vmId: busy.id,
      target: 'vdb',
      bus: 'virtio',
      device: 'disk',
      kind: 'file',
      source: `${images}/on-it.qcow2`,
    },
  })
  expect(await asOperator.template.use({ id })).toEqual({
    hostNames: ['a'],
    vms: [{ id: busy.id, name: 'busy' }],
    volumeNames: ['on-it.qcow2'],
  })

  await asOperator.template.delete({ id })
  expect(await fleet.db.template.findUnique({ where: { id } })).toBeNull()
  expect(await judgeOf(a, 'base').files()).toEqual(['base.img'])
  expect(await judgeOf(a, 'made').running()).toEqual(['made'])
  const entries = await fleet.db.auditEntry.findMany({ where: { resourceId: id }, orderBy: { sequence: 'asc' } })
  expect(entries.map(({ action, outcome, resourceName }) => [action, outcome, resourceName])).toEqual([
    ['template.create', 'succeeded', 'Base'],
    ['template.edit', 'succeeded', 'Base'],
    ['template.delete', 'succeeded', 'Base 2'],
  ])
})
