import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '#lab/command.ts'
import { waitForCount } from '#lab/guest/guest.ts'
import { previewMigration } from '#server/core/migration-candidate.ts'
import { createPolicy } from '#server/core/protection-policy.ts'
import { policyTurns } from '#server/core/protection-round.ts'
import { createSchedule } from '#server/core/snapshot-schedule.ts'
import { conflict } from '#server/errors.ts'
import { restoreById } from '#server/repository/testing/scratch.ts'
import { ProtectionPolicyInput } from '#server/schema/protection.ts'
import { testDatastore } from '#server/testing/datastore.ts'
import { noFault } from '#server/testing/fault.ts'
import type { FleetGuest, FleetHost } from '#server/testing/fleet.ts'
import { fleetForTests } from '#server/testing/fleet-for-tests.ts'
import { reachOverTls } from '#server/testing/fleet-tls.ts'

const { fleet, setHooks, a, b } = fleetForTests('moving protection', ['a', 'b'])
let guest: FleetGuest
let datastore: Awaited<ReturnType<typeof testDatastore>>
beforeAll(async () => {
  guest = await fleet.guest('a', { name: 'nomad', memoryMib: 96, pool: 'nas' })
  for (const host of [a, b]) await reachOverTls(fleet, host)
  datastore = await testDatastore(fleet, 'Vault')
})
afterAll(() => datastore?.remove())

const target = ({ id, name }: Pick<FleetGuest, 'id' | 'name'> = guest) => ({ kind: 'vm' as const, id, name })
const move = async (from: FleetHost, to: FleetHost, of = guest) =>
  fleet.ended(
    await fleet.ask({
      ...{ kind: 'migrate-vm', target: target(of), tenantId: null, hostId: from.id, destinationHostId: to.id },
      input: { destinationHostId: to.id },
    }),
    90_000,
  )
const lines = (text: string) => text.split('\n').filter(Boolean)
const marks = async (host: FleetHost, name = 'nomad') => lines(await host.lab.virsh('checkpoint-list', name, '--name'))

/** Backs it up as its policy does when it is due. */
async function backedUp(of = guest) {
  await fleet.db.protectionPolicy.updateMany({ data: { nextAt: new Date(Date.now() - 1) } })
  const round = async () => {
    for (const turn of policyTurns) while (await fleet.db.$transaction((tx) => turn(tx, new Date(), noFault)));
  }
  await round()
  const { operationId } = await fleet.db.protection.findFirstOrThrow({ where: { vmId: of.id } })
  const end = await fleet.ended(operationId ?? '', 90_000)
  expect(end.error).toBeNull()
  await round()
  return end
}

test('a VM moves with its policy, schedules, snapshots and marks; the preview and the summary say so', async () => {
  await waitForCount(a.lab, 'nomad', 1)
  await fleet.db.vm.update({ where: { id: guest.id }, data: { tags: ['prod'] } })
  const row = await fleet.db.vm.findUniqueOrThrow({ where: { id: guest.id } })
  const time = { every: 'day', minute: 0, hour: 3, weekday: 1, monthday: 1, timeZone: 'UTC', enabled: true } as const
  const policy = ProtectionPolicyInput.parse({
    ...{ name: 'Nightly', tags: ['prod'], schedules: [time], timeZone: 'UTC', retention: { last: 3 } },
    ...{ datastoreId: datastore.id, lateAfterMinutes: 60 },
  })
  await fleet.db.$transaction(async (tx) => {
    await createPolicy(tx, null, policy, { name: 'Tester', operator: true })
    await createSchedule(tx, row, { ...time, keepCount: 2, withMemory: false }, 'Tester')
  })
  const take = { name: 'before', description: '', withMemory: true }
  const taken = await fleet.ask({
    ...{ kind: 'take-snapshot', target: target(), tenantId: null, hostId: a.id, input: take },
  })
  expect((await fleet.ended(taken)).error).toBeNull()
  expect((await backedUp()).result).toMatchObject({ reading: 'full' })
  const first = await backedUp()
  expect(first.result).toMatchObject({ reading: 'incremental' })

  const { protection } = await fleet.db.$transaction((tx) => previewMigration(tx, guest.id))
  expect(protection).toEqual({
    ...{ policies: ['Nightly'], snapshotSchedules: 1, snapshots: 1 },
    datastores: [{ name: 'Vault', recoveryPoints: 2, newestId: first.id }],
  })
  const moved = await move(a, b)
  expect(moved.error).toBeNull()
  expect(moved.result).toMatchObject({
    protection: {
      ...{ policies: ['Nightly'], snapshotSchedules: 1, snapshots: 1, marks: 1 },
      datastores: [{ name: 'Vault', recoveryPoints: 2, nextBackup: 'incremental' }],
    },
  })
  expect(lines(await b.lab.virsh('snapshot-list', 'nomad', '--name'))).toEqual(['before'])
  expect(await marks(b)).toEqual([`skerry-${first.id}`])
  expect(await fleet.db.protection.count({ where: { vmId: guest.id } })).toBe(1)
  expect(await fleet.db.snapshotSchedule.count({ where: { vmId: guest.id } })).toBe(1)
  const there = await backedUp()
  expect(there).toMatchObject({ hostId: b.id, result: { reading: 'incremental' } })
  expect(await marks(b)).toEqual([`skerry-${there.id}`])
})

test('what does not move along is said too: without its marks the next backup reads everything', async () => {
  for (const name of await marks(b)) await b.lab.virsh('checkpoint-delete', 'nomad', name)
  const moved = await move(b, a)
  expect(moved.error).toBeNull()
  expect(moved.result).toMatchObject({
    protection: { marks: 0, datastores: [{ recoveryPoints: 3, nextBackup: 'full' }] },
  })
  expect((await backedUp()).result).toMatchObject({ reading: 'full' })
})

test('a VM whose disks are copied takes the same along, and its next backup there reads what has changed', async () => {
  await fleet.db.vm.update({ where: { id: guest.id }, data: { tags: [] } })
  const rooted = await fleet.guest('a', { name: 'rooted', memoryMib: 96, off: true })
  await a.lab.virsh('start', 'rooted')
  const row = await fleet.db.vm.update({ where: { id: rooted.id }, data: { tags: ['prod'], state: 'running' } })
  const time = { every: 'day', minute: 0, hour: 3, weekday: 1, monthday: 1, timeZone: 'UTC', enabled: true } as const
  await fleet.db.$transaction((tx) => createSchedule(tx, row, { ...time, keepCount: 2, withMemory: false }, 'Tester'))
  const first = await backedUp(rooted)
  expect(first.result).toMatchObject({ reading: 'full' })
  const { protection } = await fleet.db.$transaction((tx) => previewMigration(tx, rooted.id))
  expect(protection).toEqual({
    ...{ policies: ['Nightly'], snapshotSchedules: 1, snapshots: 0 },
    datastores: [{ name: 'Vault', recoveryPoints: 1, newestId: first.id }],
  })
  const moved = await move(a, b, rooted)
  expect(moved.error).toBeNull()
  expect(moved.result).toMatchObject({
    ...{ live: true, copiedDisks: ['vda'] },
    protection: {
      ...{ policies: ['Nightly'], snapshotSchedules: 1, snapshots: 0, marks: 1 },
      datastores: [{ name: 'Vault', recoveryPoints: 1, nextBackup: 'incremental' }],
    },
  })
  expect(lines(await a.lab.virsh('list', '--all', '--name'))).not.toContain('rooted')
  expect(await a.lab.run('ls', '/var/lib/libvirt/images')).not.toContain('rooted')
  expect(await marks(b, 'rooted')).toEqual([`skerry-${first.id}`])
  const mine = { where: { vmId: rooted.id } }
  const { hostId } = await fleet.db.vm.findUniqueOrThrow({ where: { id: rooted.id } })
  expect(hostId).toBe(b.id)
  expect(await fleet.db.protection.count(mine)).toBe(1)
  expect(await fleet.db.snapshotSchedule.count(mine)).toBe(1)
  expect((await fleet.db.recoveryPoint.findMany(mine)).map(({ id }) => id)).toEqual([first.id])
  await b.lab.virsh('suspend', 'rooted')
  const there = await backedUp(rooted)
  expect(there).toMatchObject({ hostId: b.id, result: { reading: 'incremental' } })
  expect(await marks(b, 'rooted')).toEqual([`skerry-${there.id}`])
  const [path = ''] = /\/[^']+\.qcow2/.exec(await b.lab.virsh('dumpxml', 'rooted')) ?? []
  const raw = join(datastore.path, '..', 'rooted.raw')
  await run('qemu-img', ['convert', '-U', '-O', 'raw', b.lab.outsidePath(path), raw])
  const repository = await datastore.repositories.repository(datastore.id, null)
  expect((await restoreById(repository, there.id)).equals(await readFile(raw))).toBe(true)
})

test('a move of a VM that is off, broken off when its host has told all, leaves it its snapshots and marks', async () => {
  const rooted = await fleet.db.vm.findFirstOrThrow({ where: { name: 'rooted' } })
  await b.lab.virsh('destroy', 'rooted')
  const off = await fleet.db.vm.update({ where: { id: rooted.id }, data: { state: 'off' } })
  const take = { name: 'kept', description: '', withMemory: false }
  const taken = await fleet.ask({
    ...{ kind: 'take-snapshot', target: target(off), tenantId: null, hostId: b.id, input: take },
  })
  expect((await fleet.ended(taken)).error).toBeNull()
  const marked = await marks(b, 'rooted')
  expect(marked).toHaveLength(1)
  setHooks({
    aroundStep: (at, run) => {
      if (at.step === 'move' && at.turn === 'do') throw conflict('Somebody stood in the way.', 'Go round them.')
      return run()
    },
  })
  const input = { destinationHostId: a.id }
  const moved = await fleet.ended(
    await fleet.ask({ kind: 'migrate-vm', target: target(off), tenantId: null, hostId: b.id, ...input, input }),
  )
  setHooks({})
  expect(moved).toMatchObject({ state: 'failed', error: { message: 'Somebody stood in the way.' } })
  expect(moved.error).not.toHaveProperty('left')
  expect(moved.undone).toContain('left it on b')
  expect(lines(await b.lab.virsh('snapshot-list', 'rooted', '--name'))).toEqual(['kept'])
  expect(await marks(b, 'rooted')).toEqual(marked)
})
