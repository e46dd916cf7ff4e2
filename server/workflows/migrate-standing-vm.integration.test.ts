import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Count, serialCounts, waitForCount, wentBack } from '#lab/guest/guest.ts'
import { requestCancel } from '#server/core/operation.ts'
import { hasSshd } from '#server/libvirt/testing/sshd.ts'
import type { FleetGuest, FleetHost } from '#server/testing/fleet.ts'
import { fleetForTests } from '#server/testing/fleet-for-tests.ts'
import { writeVmRow, writeVolumeRows } from '#server/testing/fleet-rows.ts'
import { reachOverSsh, type SshWay } from '#server/testing/fleet-ssh.ts'
import { reachOverTls } from '#server/testing/fleet-tls.ts'
import { inTheMiddle } from '#server/testing/mid-copy.ts'
import { linesOf, snapshotsOf, stateOf } from '#server/testing/moving.ts'

const { fleet, setHooks, operator, a, b } = fleetForTests('standing', ['a', 'b'])

// One over ssh, one over TLS: what is sent goes through both.
let ssh: SshWay | undefined
beforeAll(async () => {
  if (hasSshd) ssh = await reachOverSsh(fleet, a)
  await reachOverTls(fleet, b)
})
afterAll(() => ssh?.close())

const on = ({ id, name }: FleetGuest, host: FleetHost) => ({
  ...{ target: { kind: 'vm' as const, id, name }, tenantId: null, hostId: host.id },
})
const take = async (guest: FleetGuest, name: string) => {
  const end = await fleet.ended(await fleet.ask({ ...on(guest, a), kind: 'take-snapshot', input: { name } }))
  expect(end.error).toBeNull()
}
const migrate = (guest: FleetGuest, from: FleetHost, to: FleetHost, more: object = { mayStandStill: true }) =>
  fleet.ask({
    ...on(guest, from),
    ...{ kind: 'migrate-vm', destinationHostId: to.id, input: { destinationHostId: to.id, ...more } },
  })
const files = async (host: FleetHost, name: string, pool = 'default') => {
  await host.lab.virsh('pool-refresh', pool)
  const volumes = await linesOf(host, 'vol-list', pool)
  return volumes.flatMap((line) => line.trim().split(/\s+/)[0] ?? []).filter((file) => file.startsWith(name))
}
/** Every number once, in one boot, wherever it was counted. */
function expectUnbroken(counts: readonly Count[]): void {
  expect(counts.map(({ n }) => n)).toEqual(counts.map((_, index) => index + (counts[0]?.n ?? 0)))
  expect(new Set(counts.map(({ bootId }) => bootId)).size).toBe(1)
}

let rooted: FleetGuest
test('a running VM with snapshots inside its disk stands still while it moves, and goes on there with them', async () => {
  rooted = await fleet.guest('a', { name: 'rooted', memoryMib: 96, off: true })
  await take(rooted, 'cold')
  await a.lab.virsh('start', 'rooted')
  await waitForCount(a.lab, 'rooted', 2)
  await take(rooted, 'warm')
  await a.lab.virsh('checkpoint-create-as', 'rooted', 'skerry-marks')
  const refused = await fleet.ended(await migrate(rooted, a, b, {}))
  expect(refused.error).toMatchObject({
    code: 'conflict',
    message: expect.stringMatching(/stand still for about \d+ s/),
  })
  const end = await fleet.ended(await migrate(rooted, a, b), 90_000)
  expect(end.error).toBeNull()
  console.log('moved standing still', JSON.stringify(end.result))
  expect(end.result).toMatchObject({ to: 'b', live: false, saved: true, snapshots: 2, copiedDisks: ['vda'], left: [] })
  expect(end.result).toMatchObject({ protection: { snapshots: 2, marks: 1 } })
  await waitForCount(b.lab, 'rooted')
  expectUnbroken([...(await serialCounts(a.lab, 'rooted')), ...(await serialCounts(b.lab, 'rooted'))])
  expect(await linesOf(a, 'list', '--all', '--name')).not.toContain('rooted')
  expect(await files(a, 'rooted')).toEqual([])
  expect(await files(b, 'rooted')).toHaveLength(1)
  expect(await snapshotsOf(b, 'rooted')).toEqual(['cold', 'warm'])
  expect(await linesOf(b, 'checkpoint-list', 'rooted', '--name')).toEqual(['skerry-marks'])
  await b.lab.virsh('checkpoint-delete', 'rooted', 'skerry-marks')
  await b.lab.virsh('snapshot-revert', 'rooted', 'warm')
  await expect.poll(async () => wentBack(await serialCounts(b.lab, 'rooted')), { timeout: 60_000 }).toBe(true)
})

test('cancelled in the middle of the copy it goes on where it stood still, and nothing is left at either end', async () => {
  const before = await serialCounts(b.lab, 'rooted')
  await b.lab.virsh('autostart', 'rooted')
  const startsByItself = async () => /^Autostart: +enable$/m.test(await b.lab.virsh('dominfo', 'rooted'))
  const id = await migrate(rooted, b, a, { mayStandStill: true, bandwidthBytesPerSecond: 16 * 2 ** 20 })
  const row = await inTheMiddle(fleet, id, 'stand still', 2 ** 20)
  expect(row.phase).toMatch(/^(saving its memory|copying disks \(vda\))$/)
  await expect
    .poll(async () => (await fleet.db.operation.findUniqueOrThrow({ where: { id } })).phase)
    .toMatch(/^copying/)
  expect(await stateOf(b, 'rooted')).toBe('shut off (saved)')
  expect(await startsByItself()).toBe(false)
  await fleet.db.$transaction((tx) => requestCancel(tx, row, { kind: 'user', id: 'tester', name: 'Tester' }))
  const end = await fleet.ended(id)
  expect(end.state).toBe('cancelled')
  expect(end.undone).toEqual(['had it go on where it stood still on b', 'removed the disk made on a'])
  expect(await startsByItself()).toBe(true)
  const last = (await serialCounts(b.lab, 'rooted')).at(-1)?.n
  await waitForCount(b.lab, 'rooted', last)
  expectUnbroken((await serialCounts(b.lab, 'rooted')).slice(before.length - 1))
  expect(await snapshotsOf(b, 'rooted')).toEqual(['cold', 'warm'])
  expect(await linesOf(a, 'list', '--all', '--name')).not.toContain('rooted')
  expect([await files(a, 'rooted'), (await files(b, 'rooted')).length]).toEqual([[], 1])
  await b.lab.virsh('snapshot-revert', 'rooted', 'cold')
  expect(await stateOf(b, 'rooted')).toMatch(/^shut off/)
})

/** A pool of its own on both hosts, as large as it is told to be. */
const folder = '/var/lib/libvirt/tight'
const resize = (host: FleetHost, mib: number) =>
  host.lab.run('mount', '-o', `remount,size=${Math.round(mib * 1024)}k`, folder)
const afterStep = (step: string, work: () => Promise<unknown>) =>
  setHooks({
    async aroundStep(at, run) {
      const result = await run()
      if (at.step === step && at.turn === 'do') await work()
      return result
    },
  })

let tight: FleetGuest
test('without room for disks and memory it is refused before it stops; a disk that gets full lets it go on', async () => {
  for (const host of [a, b]) {
    await host.lab.run('mkdir', '-p', folder)
    await host.lab.run('mount', '-t', 'tmpfs', '-o', 'size=400m', 'tmpfs', folder)
    await host.lab.virsh('pool-create-as', 'tight', 'dir', '--target', folder)
  }
  tight = await fleet.guest('a', { name: 'tight', memoryMib: 96, isEmpty: true, off: true })
  await a.lab.run('mv', tight.diskPath, `${folder}/tight.qcow2`)
  const definition = (await a.lab.virsh('dumpxml', 'tight')).replace(tight.diskPath, `${folder}/tight.qcow2`)
  await a.lab.run('sh', '-c', `cat >/tmp/tight.xml <<'END'\n${definition}\nEND`)
  await a.lab.run('virsh', 'define', '/tmp/tight.xml')
  await a.lab.virsh('pool-refresh', 'tight')
  await a.lab.virsh('start', 'tight')
  await a.lab.virsh('snapshot-create-as', 'tight', 'warm')
  for (const host of [a, b]) await writeVolumeRows(fleet.db, host.id)
  tight = { ...tight, id: await writeVmRow(fleet.db, a.id, tight.uuid) }
  const stays = async (reason: RegExp, how: string) => {
    const end = await fleet.ended(await migrate(tight, a, b))
    setHooks({})
    expect(end.error).toMatchObject({ code: 'conflict', message: expect.stringMatching(reason) })
    expect(end.error).not.toHaveProperty('left')
    expect(await stateOf(a, 'tight')).toBe(how)
    expect(await snapshotsOf(a, 'tight')).toEqual(['warm'])
    expect(await linesOf(b, 'list', '--all', '--name')).not.toContain('tight')
    expect(await files(a, 'tight', 'tight')).toEqual(['tight.qcow2'])
    expect(await files(b, 'tight', 'tight')).toEqual([])
  }
  await resize(b, 100)
  await stays(/^Not enough space in tight on b: 1\d\d MiB needed, \d+ MiB are free/, 'running (unpaused)')
  await resize(b, 400)
  const usedKib = Number.parseInt(await a.lab.run('du', '-sk', folder), 10)
  afterStep('prepare', () => resize(a, usedKib / 1024 + 0.25))
  await stays(/^tight on a has become full/, 'running (save canceled)')
  await resize(a, 400)
  afterStep('prepare', () => resize(b, 8))
  await stays(/^tight on b has become full/, 'running (restored)')
  await resize(b, 400)
})

test('one that somebody starts meanwhile keeps running there, and its saved memory is of no use any more', async () => {
  afterStep('stand still', () => a.lab.virsh('start', 'tight'))
  const started = await fleet.ended(await migrate(tight, a, b))
  expect(started.error).toMatchObject({ code: 'conflict', message: expect.stringMatching(/started on a meanwhile/) })
  expect(started.undone).toEqual(['left it on a', 'removed the disk made on b'])
  expect(await stateOf(a, 'tight')).toBe('running (booted)')
  // And off again, after the guest has written to its disk.
  const write = ['-c', 'write -q -P 9 1M 64k', `${folder}/tight.qcow2`]
  afterStep('stand still', () => a.lab.run('qemu-io', ...write))
  const written = await fleet.ended(await migrate(tight, a, b))
  setHooks({})
  expect(written.error).toMatchObject({ message: expect.stringMatching(/started on a meanwhile/) })
  expect(written.undone[0]).toMatch(/^removed its saved memory/)
  expect(await stateOf(a, 'tight')).toBe('shut off (saved)')
  expect(await files(a, 'tight', 'tight')).toEqual(['tight.qcow2'])
  expect(await files(b, 'tight', 'tight')).toEqual([])
})

test('one that somebody has go on at its new host is not woken at its own as well, and its memory is kept', async () => {
  await a.lab.virsh('start', 'tight')
  tight = { ...tight, id: await writeVmRow(fleet.db, a.id, tight.uuid) }
  const saves = async (host: FleetHost) =>
    (await files(host, 'tight', 'tight')).filter((file) => file.endsWith('.save'))
  const goOnByHand = async () => {
    const [save, disk] = [
      (await saves(b))[0],
      (await files(b, 'tight', 'tight')).find((file) => file.endsWith('.qcow2')),
    ]
    const definition = await b.lab.virsh('save-image-dumpxml', `${folder}/${save}`)
    const adapted = definition.replace(`${folder}/tight.qcow2`, `${folder}/${disk}`)
    await b.lab.run('sh', '-c', `cat >/tmp/by-hand.xml <<'END'\n${adapted}\nEND`)
    await b.lab.virsh('restore', `${folder}/${save}`, '--xml', '/tmp/by-hand.xml')
  }
  setHooks({
    async aroundStep(at, run) {
      if (at.step !== 'move' || at.turn !== 'do') return run()
      await goOnByHand()
      throw new Error('its worker sees no more of it')
    },
  })
  await a.lab.virsh('autostart', 'tight')
  const end = await fleet.ended(await migrate(tight, a, b))
  setHooks({})
  const told = expect.stringMatching(
    /^move: The VM runs on b, where somebody had it go on; a has it too.* Its start with a stays switched off\.$/,
  )
  const kept = ['stand still: stays, for what is left needs it', 'prepare: stays, for what is left needs it']
  expect(end.error).toMatchObject({ left: [told, ...kept] })
  expect([await stateOf(a, 'tight'), await stateOf(b, 'tight')]).toEqual(['shut off (saved)', 'running (restored)'])
  expect(await saves(a)).toHaveLength(1)
  await b.lab.virsh('destroy', 'tight')
  await b.lab.run('sh', '-c', `rm ${folder}/*`)
  await b.lab.virsh('pool-refresh', 'tight')
  await a.lab.virsh('restore', `${folder}/${(await saves(a))[0]}`)
  expect(await stateOf(a, 'tight')).toBe('running (restored)')
  await a.lab.virsh('destroy', 'tight')
  await a.lab.run('sh', '-c', `rm ${folder}/*.save`)
})

test('a suspended one, of many that are asked to move, is suspended at its new place', async () => {
  await a.lab.virsh('start', 'tight', '--paused')
  tight = { ...tight, id: await writeVmRow(fleet.db, a.id, tight.uuid) }
  const person = await operator()
  const many = { ids: [tight.id, rooted.id], destinationHostId: b.id }
  expect(await person.vm.bulkMigratePlan(many)).toMatchObject([
    { name: 'tight', way: 'saved', totalMs: expect.any(Number), reasons: [] },
    { name: 'rooted', way: null, reasons: ['It runs here already.'] },
  ])
  await expect(person.vm.bulkMigrate(many)).rejects.toThrow(/stand still/)
  const { operationId } = await person.vm.bulkMigrate({ ...many, standStill: [tight.id] })
  const end = await fleet.ended(operationId)
  expect(end.result).toMatchObject({
    items: [
      { name: 'tight', state: 'succeeded' },
      { name: 'rooted', state: 'failed' },
    ],
  })
  expect(await stateOf(b, 'tight')).toMatch(/^paused/)
  expect(await snapshotsOf(b, 'tight')).toEqual(['warm'])
  expect([await files(a, 'tight', 'tight'), (await files(b, 'tight', 'tight')).length]).toEqual([[], 1])
  await b.lab.virsh('destroy', 'tight')
  for (const host of [a, b]) {
    await host.lab.virsh('pool-destroy', 'tight')
    await host.lab.run('umount', folder)
  }
})
