import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { serialCounts, waitForCount } from '#lab/guest/guest.ts'
import type { FleetGuest } from '#server/testing/fleet.ts'
import { fleetForTests } from '#server/testing/fleet-for-tests.ts'
import { filesOf } from '#server/testing/moving.ts'

const { fleet, operator, a, b } = fleetForTests('snapshot-kinds', ['a', 'b'])

const known = async (name: string) =>
  (await a.lab.virsh('snapshot-list', name, '--name')).split('\n').filter(Boolean).sort()
const on = ({ id, name }: FleetGuest) => ({ target: { kind: 'vm' as const, id, name }, tenantId: null, hostId: a.id })
const take = async (guest: FleetGuest, input: object) =>
  fleet.ended(await fleet.ask({ ...on(guest), kind: 'take-snapshot', input }))
const remove = async (guest: FleetGuest, input: object) =>
  fleet.ended(await fleet.ask({ ...on(guest), kind: 'delete-snapshot', input }))

test('beside the disks: of a VM that runs, is off and runs again, one on the other; the middle one goes, then all', async () => {
  const guest = await fleet.guest('a', { name: 'beside' })
  const before = await waitForCount(a.lab, 'beside', 2)
  for (const name of ['one', 'two']) expect((await take(guest, { name, withMemory: false })).error).toBeNull()
  await a.lab.virsh('destroy', 'beside')
  expect((await take(guest, { name: 'three' })).error).toBeNull()
  await a.lab.virsh('start', 'beside')
  expect((await take(guest, { name: 'four', withMemory: false })).error).toBeNull()
  expect(await filesOf(a, 'beside')).toEqual([
    'beside.four',
    'beside.one',
    'beside.qcow2',
    'beside.three',
    'beside.two',
  ])
  const rows = await fleet.db.snapshot.findMany({ where: { vmId: guest.id } })
  expect(rows.map(({ storage }) => storage)).toEqual(['external', 'external', 'external', 'external'])

  expect((await remove(guest, { name: 'two' })).error).toBeNull()
  expect(await known('beside')).toEqual(['four', 'one', 'three'])
  const all = await remove(guest, { name: 'one', withChildren: true })
  expect(all.error).toBeNull()
  expect(all.result).toEqual({ deleted: ['one', 'three', 'four'] })
  expect(await known('beside')).toEqual([])
  expect(await filesOf(a, 'beside')).toEqual(['beside.qcow2'])
  await expect.poll(async () => (await serialCounts(a.lab, 'beside')).at(-1)?.bootId).not.toBe(before.bootId)
  await a.lab.virsh('destroy', 'beside')
  expect(await a.lab.run('qemu-img', 'check', '/var/lib/libvirt/images/beside.qcow2')).toMatch(/No errors/)
})

test('one with memory and one without are not laid on each other: refused when asked, in a bulk action too, and by the worker', async () => {
  const guest = await fleet.guest('a', { name: 'mixed', isEmpty: true })
  expect((await take(guest, { name: 'inside' })).error).toBeNull()
  const person = await operator()
  const why = /^mixed can’t have that snapshot. Its snapshot inside lies inside the disks: .* neither could be deleted/
  await expect(person.snapshot.take({ vmId: guest.id, name: 'on-top', withMemory: false })).rejects.toThrow(why)
  await expect(person.vm.bulkSnapshot({ ids: [guest.id], name: 'on-top', withMemory: false })).rejects.toThrow(why)
  const end = await take(guest, { name: 'on-top', withMemory: false })
  expect(end.error).toMatchObject({
    ...{ code: 'conflict', message: expect.stringMatching(why) },
    wayOut: 'Take the other kind, or delete its other snapshots first.',
  })
  const page = await person.snapshot.list({ vmId: guest.id })
  expect(page.canHold).toEqual({
    memory: true,
    disks: expect.stringMatching(/inside lies inside the disks/),
    off: true,
  })
  expect(await known('mixed')).toEqual(['inside'])
})

test('where somebody else has mixed them it is said which can’t be deleted, and nothing is tried', async () => {
  const guest = await fleet.guest('a', { name: 'tangled', isEmpty: true })
  expect((await take(guest, { name: 'inside' })).error).toBeNull()
  await a.lab.virsh('snapshot-create-as', 'tangled', 'on-top', '--disk-only')
  // Who looks for one that is not there finds those that are.
  expect((await remove(guest, { name: 'none' })).error).toBeNull()
  const person = await operator()
  const { snapshots } = await person.snapshot.list({ vmId: guest.id })
  for (const { can } of snapshots) expect(can.delete).toMatch(/^libvirt can’t delete it: it lies /)
  await expect(person.snapshot.delete({ vmId: guest.id, name: 'on-top', withChildren: false })).rejects.toThrow(
    'The snapshot on-top of tangled can’t be deleted. libvirt can’t delete it: it lies beside the disks, and inside inside the disks, one on the other.',
  )
  expect((await remove(guest, { name: 'inside', withChildren: true })).error).toMatchObject({ code: 'conflict' })
  expect(await known('tangled')).toEqual(['inside', 'on-top'])
})

test('those of a VM that is off and has moved go one by one too, and it is off afterwards', async () => {
  const guest = await fleet.guest('a', { name: 'moved', isEmpty: true })
  for (const name of ['one', 'two']) expect((await take(guest, { name, withMemory: false })).error).toBeNull()
  await a.lab.virsh('destroy', 'moved')
  const to = { destinationHostId: b.id }
  const move = await fleet.ended(await fleet.ask({ ...on(guest), kind: 'migrate-vm', ...to, input: to }))
  expect(move.error).toBeNull()
  const there = { ...on(guest), hostId: b.id }
  for (const name of ['three', 'four']) {
    expect((await fleet.ended(await fleet.ask({ ...there, kind: 'take-snapshot', input: { name } }))).error).toBeNull()
  }
  for (const name of ['three', 'two']) {
    const end = await fleet.ended(await fleet.ask({ ...there, kind: 'delete-snapshot', input: { name } }))
    expect(end.error).toBeNull()
  }
  expect((await b.lab.virsh('snapshot-list', 'moved', '--name')).split('\n').filter(Boolean)).toEqual(['four', 'one'])
  expect((await b.lab.virsh('domstate', 'moved')).trim()).toBe('shut off')
  expect((await filesOf(b, 'moved')).map((file) => file.split('.').at(-1))).toEqual(['four', 'one', 'qcow2'])
})

test('a disk that a snapshot holds is not removed, for it could neither be deleted nor gone back to; one it lacks is told', async () => {
  const guest = await fleet.guest('a', { name: 'held', isEmpty: true, off: true })
  const edit = async (input: object) => fleet.ended(await fleet.ask({ ...on(guest), kind: 'edit-vm', input }))
  expect((await edit({ addDisks: [{ sizeBytes: 2 ** 22 }] })).error).toBeNull()
  expect((await take(guest, { name: 'both' })).error).toBeNull()
  expect((await edit({ removeDisks: ['vdb'] })).error).toMatchObject({
    ...{ code: 'conflict', step: 'check', message: 'The disk vdb of held is part of its snapshot both.' },
    wayOut: expect.stringMatching(/^Delete that snapshot first/),
  })
  expect(await a.lab.virsh('domblklist', 'held')).toMatch(/vdb +\S+held-vdb/)
  expect((await remove(guest, { name: 'both' })).error).toBeNull()
  expect((await edit({ removeDisks: ['vdb'] })).error).toBeNull()
  expect(await a.lab.virsh('domblklist', 'held')).not.toContain('vdb')

  expect((await take(guest, { name: 'without' })).error).toBeNull()
  expect((await edit({ addDisks: [{ sizeBytes: 2 ** 22 }] })).error).toBeNull()
  const [, file = ''] = /vdb +(\S+)/.exec(await a.lab.virsh('domblklist', 'held')) ?? []
  const input = { name: 'without', keepAs: null }
  const back = await fleet.ended(await fleet.ask({ ...on(guest), kind: 'revert-snapshot', input }))
  expect(back.error).toBeNull()
  expect(back.result).toMatchObject({ detached: [`vdb: ${basename(file)}`] })
  expect(await a.lab.virsh('domblklist', 'held')).not.toContain('vdb')
  expect(await a.lab.run('ls', file)).toContain(file)
})
