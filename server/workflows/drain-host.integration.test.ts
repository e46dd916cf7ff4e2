import { expect, test } from 'vitest'
import { planDrain } from '#server/core/drain-plan.ts'
import { enqueue, requestCancel } from '#server/core/operation.ts'
import type { FleetHost } from '#server/testing/fleet.ts'
import { fleetForTests } from '#server/testing/fleet-for-tests.ts'
import { writeVmRow } from '#server/testing/fleet-rows.ts'
import { slowBytesPerSecond } from '#server/testing/mid-copy.ts'
import { pause } from './pause.ts'

const { fleet, a, b } = fleetForTests('drain', ['a', 'b'])

const actor = { kind: 'user' as const, id: 'tester', name: 'Tester' }
const names = async (host: FleetHost) =>
  (await host.lab.virsh('list', '--all', '--name')).split('\n').filter(Boolean).sort()
const drain = (host: FleetHost, input: object = {}) =>
  fleet.ask({
    kind: 'drain-host',
    target: { kind: 'host', id: host.id, name: host.name },
    tenantId: null,
    hostId: host.id,
    input,
  })

test('a drained host is empty, what can not leave is named, and it takes nothing new', async () => {
  await fleet.guest('a', { name: 'd1', isEmpty: true })
  await fleet.guest('a', { name: 'd2', isEmpty: true, pool: 'nas' })
  await fleet.guest('a', { name: 'd3', isEmpty: true, off: true })
  const stuck = await fleet.guest('a', { name: 'd4', isEmpty: true, off: true })
  const loose = '/var/lib/libvirt/loose.qcow2'
  await a.lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', loose, '1M')
  await a.lab.virsh('attach-disk', 'd4', loose, 'vdb', '--subdriver', 'qcow2', '--config')
  await writeVmRow(fleet.db, a.id, stuck.uuid)

  const standing = await fleet.guest('a', { name: 'd5', isEmpty: true })
  await a.lab.virsh('snapshot-create-as', 'd5', 'warm')
  const id = await writeVmRow(fleet.db, a.id, standing.uuid)

  const plan = await planDrain(fleet.db, a.id)
  expect(plan.map((item) => [item.name, item.to?.name ?? null]).sort()).toEqual([
    ['d1', 'b'],
    ['d2', 'b'],
    ['d3', 'b'],
    ['d4', null],
    ['d5', 'b'],
  ])
  expect(plan.find((item) => item.name === 'd5')?.to).toMatchObject({ way: 'saved', totalMs: expect.any(Number) })
  expect(plan.find((item) => item.name === 'd2')?.to?.copiedBytes).toBe(0)

  const end = await fleet.ended(await drain(a), 110_000)
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({
    moved: 3,
    stayed: [
      { name: 'd4', reason: expect.stringMatching(/disk vdb lies in no storage pool/) },
      { name: 'd5', reason: expect.stringMatching(/would stand still .* nobody was asked/) },
    ],
  })
  expect(await names(a)).toEqual(['d4', 'd5'])
  expect(await names(b)).toEqual(['d1', 'd2', 'd3'])
  expect((await b.lab.virsh('list', '--name')).split('\n').filter(Boolean).sort()).toEqual(['d1', 'd2'])
  expect((await fleet.db.host.findUniqueOrThrow({ where: { id: a.id } })).draining).toBe(true)
  const back = (await planDrain(fleet.db, b.id)).flatMap((item) => item.reasons)
  expect(back.every((reason) => reason.includes('being drained'))).toBe(true)
  const asked = await fleet.ended(await drain(a, { standStill: [id] }), 60_000)
  expect(asked.result).toMatchObject({ moved: 1, stayed: [{ name: 'd4' }] })
  expect((await b.lab.virsh('domstate', 'd5', '--reason')).trim()).toBe('running (unpaused)')
  expect((await b.lab.virsh('snapshot-list', 'd5', '--name')).trim()).toBe('warm')
  await b.lab.virsh('destroy', 'd5')
  await fleet.db.vm.update({ where: { id }, data: { state: 'off' } })
  await fleet.db.host.update({ where: { id: a.id }, data: { draining: false } })
})

test('cancelling a drain stops the moves, opens the host, and no VM is lost', async () => {
  for (const host of [a, b]) await host.lab.limitLink(slowBytesPerSecond)
  const id = await drain(b)
  let child = null
  for (let i = 0; i < 100 && !child; i++) {
    await pause(100)
    child = await fleet.db.operation.findFirst({ where: { parentId: id, state: 'running' } })
  }
  expect(child).not.toBeNull()
  const operation = await fleet.db.operation.findUniqueOrThrow({ where: { id } })
  await fleet.db.$transaction((tx) => requestCancel(tx, operation, actor))
  const end = await fleet.ended(id, 60_000)
  for (const host of [a, b]) await host.lab.limitLink(null)
  expect(end.state).toBe('cancelled')
  expect(end.undone).toEqual(['opened the host to VMs again'])
  expect((await fleet.db.host.findUniqueOrThrow({ where: { id: b.id } })).draining).toBe(false)
  const all = [...(await names(a)), ...(await names(b))].sort()
  expect(all).toEqual(['d1', 'd2', 'd3', 'd4', 'd5'])
  const children = await fleet.db.operation.findMany({ where: { parentId: id } })
  expect(children.every((child) => child.finishedAt !== null)).toBe(true)
})

test('a bulk action has a result for each VM, also for those that were refused', async () => {
  const vms = await fleet.db.vm.findMany({ where: { name: { in: ['d1', 'd2'] } }, orderBy: { name: 'asc' } })
  const parent = await fleet.db.$transaction(async (tx) => {
    const asker = { tx, actor, requestId: null }
    const refused = [{ vmId: 'x', name: 'd9', reason: 'It is off already.' }]
    const bulk = await enqueue(asker, {
      kind: 'bulk-vm',
      target: { kind: 'fleet', id: 'bulk', name: '3 VMs' },
      tenantId: null,
      exclusive: false,
      input: { refused },
    })
    for (const vm of vms) {
      await enqueue(asker, {
        kind: 'power-vm',
        target: { kind: 'vm', id: vm.id, name: vm.name },
        tenantId: null,
        hostId: vm.hostId,
        parentId: bulk.id,
        input: { action: 'force-off' },
      })
    }
    return bulk
  })
  const end = await fleet.ended(parent.id)
  expect(end.error).toBeNull()
  expect(end.result).toEqual({
    items: [
      { id: vms[0]?.id, name: 'd1', state: 'succeeded', reason: null },
      { id: vms[1]?.id, name: 'd2', state: 'succeeded', reason: null },
      { id: 'x', name: 'd9', state: 'failed', reason: 'It is off already.' },
    ],
  })
  for (const host of [a, b]) expect((await host.lab.virsh('list', '--name')).trim()).toBe('')
})
