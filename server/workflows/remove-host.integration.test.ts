import { beforeAll, beforeEach, expect, test } from 'vitest'
import { createGuest } from '#lab/guest/guest.ts'
import type { Host } from '#lab/host.ts'
import { fleetForTests } from '#server/testing/fleet-for-tests.ts'
import { writeHostRow, writeVmRow } from '#server/testing/fleet-rows.ts'

const { fleet } = fleetForTests('remove', ['a'])
let old: Host
/** Of the row that the host has anew for each test */
let id: string
beforeAll(async () => {
  old = await fleet.lab.addHost({ name: 'old' })
})
beforeEach(async () => {
  await fleet.db.vm.deleteMany({ where: { host: { name: 'old' } } })
  await fleet.db.host.deleteMany({ where: { name: 'old' } })
  const uri = `qemu:///system?socket=${old.socketPath}`
  id = await writeHostRow(fleet.db, { name: 'old', site: 'a', uri, migrationUri: old.tlsUri })
})

const remove = async () =>
  fleet.ended(
    await fleet.ask({
      kind: 'remove-host',
      target: { kind: 'host', id, name: 'old' },
      tenantId: null,
      hostId: id,
      input: {},
    }),
  )
const rowsOf = async () => ({
  hosts: await fleet.db.host.count({ where: { id } }),
  pools: await fleet.db.storagePool.count({ where: { hostId: id } }),
  networks: await fleet.db.network.count({ where: { hostId: id } }),
})

test('an empty host goes with its pools and networks; on the host nothing changes', async () => {
  const before = [await old.virsh('pool-list', '--all'), await old.virsh('net-list', '--all')]
  expect(await rowsOf()).toMatchObject({ hosts: 1, pools: expect.toSatisfy((count: number) => count > 0) })
  const end = await remove()
  expect(end.error).toBeNull()
  expect(await rowsOf()).toEqual({ hosts: 0, pools: 0, networks: 0 })
  expect([await old.virsh('pool-list', '--all'), await old.virsh('net-list', '--all')]).toEqual(before)
  // The other host of its site stays.
  expect(await fleet.db.host.count({ where: { name: 'a' } })).toBe(1)
  expect(await fleet.db.site.count({ where: { slug: 'a' } })).toBe(1)
})

test('a host that has VMs is refused and keeps all its rows', async () => {
  const guest = await createGuest(old, { name: 'keeper', memoryMib: 64 })
  const vmId = await writeVmRow(fleet.db, id, guest.uuid)
  const end = await remove()
  expect(end).toMatchObject({
    state: 'failed',
    error: {
      code: 'conflict',
      message: 'old has 1 VM.',
      wayOut: 'Drain it, or delete its VMs, then remove it.',
    },
  })
  expect((await rowsOf()).hosts).toBe(1)
  expect(await fleet.db.vm.count({ where: { id: vmId } })).toBe(1)
  await old.virsh('undefine', 'keeper')
})

test('a host that can’t be reached goes with the rows of its VMs, which run on untouched', async () => {
  const guest = await createGuest(old, { name: 'orphan', memoryMib: 64 })
  await old.virsh('start', 'orphan')
  const vmId = await writeVmRow(fleet.db, id, guest.uuid)
  const definition = await old.virsh('dumpxml', 'orphan')
  await fleet.db.host.update({ where: { id }, data: { state: 'unreachable' } })
  const end = await remove()
  expect(end.error).toBeNull()
  expect((await rowsOf()).hosts).toBe(0)
  expect(await fleet.db.vm.count({ where: { id: vmId } })).toBe(0)
  expect(await fleet.db.disk.count({ where: { vmId } })).toBe(0)
  expect((await old.virsh('domstate', 'orphan')).trim()).toBe('running')
  expect(await old.virsh('dumpxml', 'orphan')).toBe(definition)
  await old.virsh('destroy', 'orphan')
  await old.virsh('undefine', 'orphan')
})

test.each(['hostId', 'destinationHostId'] as const)('while an operation works on it (%s), it stays', async (column) => {
  const other = await fleet.db.operation.create({
    data: {
      ...{ kind: 'power-vm', targetKind: 'vm', targetId: column, targetName: 'web', input: {} },
      ...{ actorKind: 'user', actorName: 'Tester', state: 'running', startedAt: new Date(), [column]: id },
    },
  })
  const end = await remove()
  expect(end).toMatchObject({
    state: 'failed',
    error: { code: 'conflict', message: 'web has an operation running on old.' },
  })
  expect((await rowsOf()).hosts).toBe(1)
  await fleet.db.operation.update({ where: { id: other.id }, data: { state: 'succeeded', finishedAt: new Date() } })
  expect((await remove()).error).toBeNull()
  expect((await rowsOf()).hosts).toBe(0)
})

test('a host that has gone meanwhile is gone', async () => {
  await fleet.db.host.delete({ where: { id } })
  expect((await remove()).state).toBe('succeeded')
})
