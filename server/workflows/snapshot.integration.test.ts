import { expect, test } from 'vitest'
import { mountFiles, restartAgent, serialCounts, waitForAgent, waitForCount, wentBack } from '#lab/guest/guest.ts'
import { askForDue, createSchedule } from '#server/core/snapshot-schedule.ts'
import { noFault } from '#server/testing/fault.ts'
import type { FleetGuest, FleetHost } from '#server/testing/fleet.ts'
import { fleetForTests } from '#server/testing/fleet-for-tests.ts'
import { filesOf } from '#server/testing/moving.ts'
import { makeOverlay } from '#server/testing/overlay.ts'

const { fleet, operator, a, b } = fleetForTests('snapshots', ['a', 'b'])

const known = async (host: FleetHost, name: string) =>
  (await host.lab.virsh('snapshot-list', name, '--name')).split('\n').filter(Boolean)
const marked = async (host: FleetHost, name: string) =>
  (await host.lab.virsh('checkpoint-list', name, '--name')).split('\n').filter(Boolean)
const on = ({ id, name }: FleetGuest, hostId = a.id) => ({
  ...{ target: { kind: 'vm' as const, id, name }, tenantId: null, hostId },
})
const take = (guest: FleetGuest, input: object) =>
  fleet.ask({ ...on(guest), kind: 'take-snapshot', input: { ...input } })
const migrate = (guest: FleetGuest, from: FleetHost, to: FleetHost) =>
  fleet.ask({
    ...on(guest, from.id),
    ...{ kind: 'migrate-vm', destinationHostId: to.id, input: { destinationHostId: to.id } },
  })

test('without memory the agent freezes the guest, and the result says so', async () => {
  const guest = await fleet.guest('a', { name: 'quiet', memoryMib: 96 })
  await waitForAgent(a.lab, 'quiet')
  await mountFiles(a.lab, 'quiet')
  const end = await fleet.ended(await take(guest, { name: 'whole', withMemory: false }))
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ name: 'whole', withMemory: false, quiesced: true })
  expect(await fleet.db.snapshot.findFirst({ where: { vmId: guest.id } })).toMatchObject({
    ...{ name: 'whole', quiesced: true, storage: 'external' },
  })
  await restartAgent(a.lab, 'quiet', '-b guest-fsfreeze-freeze')
  const loud = await fleet.ended(await take(guest, { name: 'loud', withMemory: false }))
  expect(loud.error, 'an agent that does not freeze costs no snapshot').toBeNull()
  expect(loud.result).toMatchObject({ name: 'loud', quiesced: false })
  const back = await fleet.ended(
    await fleet.ask({ ...on(guest), kind: 'revert-snapshot', input: { name: 'whole', keepAs: null } }),
  )
  // Older than 10 here; on a newer host it goes back.
  const { libvirtVersion } = await fleet.db.host.findUniqueOrThrow({ where: { id: a.id } })
  if (Number(libvirtVersion?.split('.')[0]) < 10) expect(back.error).toMatchObject({ message: /takes libvirt 10/ })
  else expect(back.error).toBeNull()
})

test('a VM whose disks stand on files of its snapshots goes with all of them', async () => {
  const guest = await fleet.guest('a', { name: 'layers', memoryMib: 96, isEmpty: true })
  for (const name of ['one', 'two'])
    expect((await fleet.ended(await take(guest, { name, withMemory: false }))).error).toBeNull()
  const files = async () =>
    (await a.lab.run('ls', '/var/lib/libvirt/images')).split('\n').filter((name) => name.startsWith('layers'))
  expect(await files()).toEqual(['layers.one', 'layers.qcow2', 'layers.two'])
  await a.lab.virsh('destroy', 'layers')
  const end = await fleet.ended(await fleet.ask({ ...on(guest), kind: 'delete-vm', input: {} }))
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ kept: [] })
  expect(await files()).toEqual([])
})

test('a file of its snapshots stays that a disk of another pool stands on, which libvirt has not heard of yet', async () => {
  const guest = await fleet.guest('a', { name: 'based', memoryMib: 96, isEmpty: true })
  expect((await fleet.ended(await take(guest, { name: 'one', withMemory: false }))).error).toBeNull()
  await a.lab.virsh('destroy', 'based')
  await a.lab.run('mkdir', '/var/lib/libvirt/aside')
  await a.lab.virsh('pool-define-as', 'aside', 'dir', '--target', '/var/lib/libvirt/aside')
  await a.lab.virsh('pool-start', 'aside')
  await makeOverlay(a, '/var/lib/libvirt/hand.qcow2', { path: guest.diskPath, format: 'qcow2' })
  const remove = async () => fleet.ended(await fleet.ask({ ...on(guest), kind: 'delete-vm', input: {} }))
  await a.lab.run('mv', '/var/lib/libvirt/aside', '/var/lib/libvirt/away')
  // libvirt switches off a pool that it can't read, and still knows nothing of what lies there when it is asked again.
  for (const attempt of ['first', 'second']) {
    const message = expect.stringMatching(/aside could not be read again/)
    expect((await remove()).error, attempt).toMatchObject({ code: 'conflict', message })
  }
  expect(await filesOf(a, 'based')).toEqual(['based.one', 'based.qcow2'])
  await a.lab.run('mv', '/var/lib/libvirt/away', '/var/lib/libvirt/aside')
  await a.lab.virsh('pool-start', 'aside')
  await a.lab.run('mv', '/var/lib/libvirt/hand.qcow2', '/var/lib/libvirt/aside')
  const end = await remove()
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ kept: ['based.qcow2'] })
  expect(await filesOf(a, 'based')).toEqual(['based.qcow2'])
})

test('a disk that can’t hold a snapshot is named', async () => {
  const guest = await fleet.guest('a', { name: 'raw', off: true })
  const path = '/var/lib/libvirt/images/raw.raw'
  await a.lab.run('qemu-img', 'create', '-q', '-f', 'raw', path, '8M')
  await a.lab.virsh('attach-disk', 'raw', path, 'vdb', '--config', '--subdriver', 'raw')
  const end = await fleet.ended(await take(guest, { name: 'no' }))
  expect(end.error).toMatchObject({ code: 'unsupported', message: expect.stringMatching(/disk vdb is raw/) })
  expect(await known(a, 'raw')).toEqual([])
})

test('a schedule takes one when it is due, keeps as many as it shall, and leaves others alone', async () => {
  const guest = await fleet.guest('a', { name: 'often', off: true })
  await a.lab.virsh('snapshot-create-as', 'often', 'by-hand')
  const vm = await fleet.db.vm.findUniqueOrThrow({ where: { id: guest.id } })
  const input = { every: 'hour', minute: 0, hour: 0, weekday: 1, monthday: 1, timeZone: 'UTC' } as const
  const { id } = await fleet.db.$transaction((tx) =>
    createSchedule(tx, vm, { ...input, keepCount: 2, withMemory: true, enabled: true }, 'Tester'),
  )
  const at = (minutes: number) => new Date(Date.UTC(2030, 0, 1, 0, minutes))
  const dueAt = (now: Date) => fleet.db.$transaction((tx) => askForDue(tx, now, noFault))
  await fleet.db.snapshotSchedule.update({ where: { id }, data: { nextAt: at(0) } })
  expect(await dueAt(at(-1))).toBe(false)
  for (const minutes of [1, 61, 200]) {
    expect(await dueAt(at(minutes))).toBe(true)
    expect(await dueAt(at(minutes))).toBe(false)
    const schedule = await fleet.db.snapshotSchedule.findUniqueOrThrow({ where: { id } })
    const end = await fleet.ended(schedule.lastOperationId ?? '')
    expect(end.error).toBeNull()
    expect(end.actorName).toBe('Snapshot schedule')
  }
  expect((await fleet.db.snapshotSchedule.findUniqueOrThrow({ where: { id } })).nextAt).toEqual(at(240))
  expect((await known(a, 'often')).toSorted()).toEqual(['by-hand', 'hourly-2030-01-01-0101', 'hourly-2030-01-01-0320'])
  await fleet.db.vm.update({ where: { id: guest.id }, data: { state: 'crashed' } })
  expect(await dueAt(at(300))).toBe(true)
  expect((await fleet.db.snapshotSchedule.findUniqueOrThrow({ where: { id } })).lastRefusal).toMatch(/has crashed/)
  const entries = await fleet.db.auditEntry.findMany({ where: { resourceId: guest.id }, orderBy: { id: 'asc' } })
  expect(entries.map(({ actorKind, actorId, action, outcome }) => [actorKind, actorId, action, outcome])).toEqual(
    ['succeeded', 'succeeded', 'succeeded', 'denied'].map((outcome) => [
      ...['system', `snapshot-schedule ${id}`, 'vm.snapshot', outcome],
    ]),
  )
  expect(entries.at(-1)?.detail).toMatchObject({ reason: expect.stringMatching(/has crashed/) })
})

test('two schedules of one VM that are due at once both get theirs, and each keeps its own number', async () => {
  const vm = await fleet.db.vm.findFirstOrThrow({ where: { name: 'often' } })
  await fleet.db.vm.update({ where: { id: vm.id }, data: { state: 'off' } })
  const time = { minute: 0, hour: 0, weekday: 1, monthday: 1, timeZone: 'UTC', withMemory: true, enabled: true }
  const { id } = await fleet.db.$transaction((tx) =>
    createSchedule(tx, vm, { ...time, every: 'day', keepCount: 1 }, 'Tester'),
  )
  const hourly = await fleet.db.snapshotSchedule.findFirstOrThrow({ where: { vmId: vm.id, every: 'hour' } })
  const dueAt = (now: Date) => fleet.db.$transaction((tx) => askForDue(tx, now, noFault))
  for (const day of [2, 3, 4]) {
    const now = new Date(Date.UTC(2030, 0, day))
    await fleet.db.snapshotSchedule.updateMany({ where: { vmId: vm.id }, data: { nextAt: now } })
    expect(await dueAt(now)).toBe(true)
    expect(await dueAt(now), 'the other waits for the VM').toBe(false)
    await expect.poll(() => dueAt(now)).toBe(true)
    for (const schedule of await fleet.db.snapshotSchedule.findMany({ where: { id: { in: [id, hourly.id] } } })) {
      expect(schedule.lastRefusal).toBeNull()
      expect(schedule.nextAt.getTime()).toBeGreaterThan(now.getTime())
      expect((await fleet.ended(schedule.lastOperationId ?? '')).error).toBeNull()
    }
  }
  expect((await known(a, 'often')).toSorted()).toEqual([
    ...['by-hand', 'daily-2030-01-04-0000', 'hourly-2030-01-03-0000', 'hourly-2030-01-04-0000'],
  ])
  await fleet.db.snapshotSchedule.deleteMany({ where: { vmId: vm.id } })
})

test('of many at once, running and off: each that can has its snapshot, and every one its line in the result', async () => {
  const person = await operator()
  const rows = await fleet.db.vm.findMany({ where: { name: { in: ['quiet', 'often', 'raw'] } } })
  const idOf = (name: string) => rows.find((row) => row.name === name)?.id ?? ''
  const crashed = await fleet.guest('a', { name: 'lost', off: true })
  await fleet.db.vm.update({ where: { id: crashed.id }, data: { state: 'crashed' } })
  const ids = [idOf('quiet'), idOf('often'), idOf('raw'), crashed.id]
  const asked = await person.vm.bulkSnapshot({ ids, name: 'together', withMemory: false })
  const refusal = { vmId: crashed.id, name: 'lost', code: 'conflict', reason: expect.stringMatching(/has crashed/) }
  expect(asked.refused).toEqual([refusal])
  const end = await fleet.ended(asked.operationId)
  const { items } = end.result as { items: { id: string; name: string; state: string; reason: string | null }[] }
  expect(items.map(({ name, state }) => [name, state]).sort()).toEqual([
    ['lost', 'failed'],
    ['often', 'succeeded'],
    ['quiet', 'succeeded'],
    ['raw', 'failed'],
  ])
  const reasonOf = (name: string) => items.find((item) => item.name === name)?.reason
  expect(reasonOf('raw')).toMatch(/disk vdb is raw/)
  expect(reasonOf('lost')).toMatch(/has crashed/)
  expect(await known(a, 'quiet')).toContain('together')
  expect(await known(a, 'often')).toContain('together')
  for (const name of ['raw', 'lost']) expect(await known(a, name)).toEqual([])
  expect((await a.lab.virsh('domstate', 'quiet')).trim()).toBe('running')
  expect((await a.lab.virsh('domstate', 'often')).trim()).toBe('shut off')
})

test('a running VM on shared storage moves with its snapshots, and goes back to one of them there', async () => {
  const guest = await fleet.guest('a', { name: 'nomad', memoryMib: 96, pool: 'nas' })
  await waitForCount(a.lab, 'nomad', 2)
  for (const name of ['first', 'second']) {
    expect((await fleet.ended(await take(guest, { name, description: `the ${name}` }))).error).toBeNull()
  }
  await a.lab.virsh('checkpoint-create-as', 'nomad', 'skerry-marks')
  const told = await a.lab.virsh('snapshot-dumpxml', 'nomad', 'first')
  const end = await fleet.ended(await migrate(guest, a, b), 90_000)
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ to: 'b', live: true, snapshots: 2, copiedDisks: [] })
  expect(await known(b, 'nomad')).toEqual(['first', 'second'])
  expect((await b.lab.virsh('snapshot-current', 'nomad', '--name')).trim()).toBe('second')
  expect(await b.lab.virsh('snapshot-dumpxml', 'nomad', 'first')).toBe(told)
  // And with the marks for its next backup, there and back: libvirt deletes none that are not in the disk.
  expect(await marked(b, 'nomad')).toEqual(['skerry-marks'])
  expect((await fleet.ended(await migrate(guest, b, a), 90_000)).error).toBeNull()
  expect(await marked(a, 'nomad')).toEqual(['skerry-marks'])
  await a.lab.virsh('checkpoint-delete', 'nomad', 'skerry-marks')
  expect(await marked(b, 'nomad').catch(() => [])).toEqual([])
  const before = (await serialCounts(a.lab, 'nomad')).at(-1)
  await a.lab.virsh('snapshot-revert', 'nomad', 'first')
  await expect.poll(async () => wentBack(await serialCounts(a.lab, 'nomad')), { timeout: 60_000 }).toBe(true)
  expect((await serialCounts(a.lab, 'nomad')).at(-1)?.bootId).toBe(before?.bootId)
})

test('a VM that is off takes its snapshots along inside its copied disk', async () => {
  const guest = await fleet.guest('a', { name: 'parcel', off: true })
  await a.lab.virsh('start', 'parcel', '--paused')
  await a.lab.virsh('checkpoint-create-as', 'parcel', 'skerry-marks')
  await a.lab.virsh('destroy', 'parcel')
  expect((await fleet.ended(await take(guest, { name: 'cold' }))).error).toBeNull()
  expect(await marked(a, 'parcel')).toEqual(['skerry-marks'])
  const end = await fleet.ended(await migrate(guest, a, b), 90_000)
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ to: 'b', live: false, snapshots: 1, copiedDisks: ['vda'] })
  expect(await known(b, 'parcel')).toEqual(['cold'])
  expect(await marked(b, 'parcel')).toEqual(['skerry-marks'])
  await b.lab.virsh('start', 'parcel', '--paused')
  await b.lab.virsh('checkpoint-delete', 'parcel', 'skerry-marks')
  await b.lab.virsh('destroy', 'parcel')
  await b.lab.virsh('snapshot-revert', 'parcel', 'cold')
  await b.lab.virsh('start', 'parcel')
  await waitForCount(b.lab, 'parcel', 1)
})
