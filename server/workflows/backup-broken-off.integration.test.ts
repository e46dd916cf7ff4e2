import { afterEach, beforeAll, expect, test } from 'vitest'
import { run } from '#lab/command.ts'
import { createGuest } from '#lab/guest/guest.ts'
import { backupFleet } from '#server/testing/backup-fleet.ts'
import type { Caller } from '#server/testing/call.ts'
import type { FleetGuest } from '#server/testing/fleet.ts'
import { writeVmRow } from '#server/testing/fleet-rows.ts'
import { inTheMiddle, slowBytesPerSecond } from '#server/testing/mid-copy.ts'

const { fleet, a, setHooks, datastoreId, backUp, checkpoints, compared, diskSum, operator, points, pointSum } =
  backupFleet('broken off')
let web: FleetGuest
let shop: FleetGuest
let person: Caller
beforeAll(async () => {
  person = await operator()
  const guest = async (name: string) => {
    const made = await createGuest(a.lab, { name, memoryMib: 64, isEmpty: true })
    return { ...made, id: await writeVmRow(fleet.db, a.id, made.uuid) }
  }
  web = await guest('web')
  shop = await guest('shop')
  await fill(web, 0x11)
  await fill(shop, 0x22)
  await a.lab.virsh('start', 'web', '--paused')
})
afterEach(() => setHooks({}))

/** 24 MiB of its disk, while nobody has that open. */
const fill = (guest: FleetGuest, byte: number) =>
  run('qemu-io', ['-f', 'qcow2', '-c', `write -q -P ${byte} 24M 24M`, a.lab.outsidePath(guest.diskPath)])
const rowOf = (id: string) => fleet.db.operation.findUniqueOrThrow({ where: { id } })
const domstate = async (name: string) => (await a.lab.virsh('domstate', name)).trim()
const target = ({ id, name }: FleetGuest) => ({ kind: 'vm' as const, id, name })
const startBackup = (guest: FleetGuest, more: object = {}) =>
  fleet.ask({
    ...{ kind: 'back-up-vm', target: target(guest), tenantId: null, hostId: a.id },
    input: { datastoreId, ...more },
  })
const cleanUp = async (id: string) => fleet.ended((await person.operation.cleanUp({ id })).operationId)
const retry = async (id: string) => fleet.ended((await person.operation.retry({ id })).operationId)
const startRestore = (guest: FleetGuest, recoveryPointId: string) =>
  fleet.ask({
    ...{ kind: 'restore-vm', target: target(guest), tenantId: null, hostId: a.id },
    input: { recoveryPointId, datastoreId, shutdownMs: 30_000 },
  })

test('a running backup tells how much of what it has read, how fast and how long yet; cancelled, it leaves nothing', async () => {
  expect((await backUp(web)).error).toBeNull()
  const [marks, before] = [await checkpoints('web'), await points()]
  await a.lab.limitLink(slowBytesPerSecond)
  const id = await startBackup(web, { full: true })
  // After two seconds at that rate, so that how it began says little.
  const row = await inTheMiddle(fleet, id, 'read', 2 * slowBytesPerSecond)
  expect(row).toMatchObject({ phase: 'reading vda', progressUnit: 'bytes' })
  // What is on its disk, of 64 MiB
  expect(Number(row.progressTotal)).toBeGreaterThan(24 * 2 ** 20)
  expect(Number(row.progressTotal)).toBeLessThan(64 * 2 ** 20)
  const rate = Number(row.ratePerSecond)
  expect(rate).toBeGreaterThan(slowBytesPerSecond / 4)
  expect(rate).toBeLessThan(slowBytesPerSecond * 1.25)
  const rest = Number(row.progressTotal) - Number(row.progressDone)
  expect(Number(row.remainingMs)).toBeCloseTo((rest / rate) * 1000, -2)
  expect((await a.lab.virsh('domjobinfo', 'web')).trim()).not.toMatch(/None/)

  await person.operation.cancel({ id })
  expect(await fleet.ended(id)).toMatchObject({ state: 'cancelled', error: null })
  expect((await a.lab.virsh('domjobinfo', 'web')).trim()).toMatch(/None/)
  expect(await checkpoints('web')).toEqual(marks)
  expect(await points()).toEqual(before)
  expect(await fleet.db.recoveryPoint.count({ where: { id } })).toBe(0)
  expect(await domstate('web')).toBe('paused')
  await a.lab.limitLink(null)
  expect((await backUp(web)).result).toMatchObject({ reading: 'incremental' })
})

test('the power fails in the middle of a backup and of a restore: both can be put right, and asked for again', async () => {
  const first = await backUp(shop)
  expect(first.error).toBeNull()
  const then = await diskSum(shop.diskPath)
  await fill(shop, 0x33)
  const before = await diskSum(shop.diskPath)
  const [marks, known] = [await checkpoints('web'), await points()]
  await a.lab.virsh('resume', 'web')
  await a.lab.limitLink(slowBytesPerSecond)
  const restoreId = await startRestore(shop, first.id)
  await inTheMiddle(fleet, restoreId, 'write')
  const backupId = await startBackup(web, { full: true })
  await inTheMiddle(fleet, backupId, 'read')
  await inTheMiddle(fleet, restoreId, 'write')
  await a.lab.powerOff()

  const [backup, restore] = [await fleet.ended(backupId, 110_000), await fleet.ended(restoreId, 110_000)]
  for (const [{ state, error }, step, rest] of [
    [backup, 'begin', 0],
    [restore, 'write', 3],
  ] as const) {
    expect(state).toBe('failed')
    expect(error).toMatchObject({
      ...{ code: 'unavailable', message: expect.stringMatching(/host a can't be reached/) },
      wayOut: expect.stringMatching(/Clean up what was left behind/),
      left: [
        expect.stringMatching(new RegExp(`^${step}: The host a can't be reached`)),
        ...Array(rest).fill(expect.stringMatching(/: stays, for what is left needs it$/)),
      ],
    })
  }
  // No torn recovery point: what the restore kept is whole, of the backup there is none.
  expect((await points()).toSorted()).toEqual([...known, restoreId].toSorted())
  expect(await pointSum(restoreId)).toBe(before)
  expect(await fleet.db.recoveryPoint.count({ where: { id: backupId } })).toBe(0)
  const torn = await diskSum(shop.diskPath)
  expect(torn).not.toBe(before)
  expect(torn).not.toBe(then)

  await a.lab.powerOn()
  expect((await cleanUp(backupId)).error).toBeNull()
  // Nothing of it at the host, and no guest is left paused that was running: the power failure switched it off.
  expect(await domstate('web')).toBe('shut off')
  expect(await checkpoints('web')).toEqual(marks)
  expect((await rowOf(backupId)).error).not.toHaveProperty('left')
  const again = await retry(backupId)
  expect(again.error).toBeNull()
  expect(again.result).toMatchObject({ left: [] })
  expect(await compared(again.id, web)).toMatch(/identical/)
  expect(await checkpoints('web')).toEqual([`skerry-${again.id}`])
  expect(await domstate('web')).toBe('shut off')
  expect(await a.lab.run('ls', '/var/lib/libvirt/images')).not.toContain('scratch')

  const undone = await cleanUp(restoreId)
  expect(undone.error).toBeNull()
  expect(await diskSum(shop.diskPath)).toBe(before)
  expect((await points()).includes(restoreId)).toBe(false)
  const restored = await retry(restoreId)
  expect(restored.error).toBeNull()
  expect(await diskSum(shop.diskPath)).toBe(then)
  expect(await pointSum(restored.id)).toBe(before)
  expect((await a.lab.virsh('list', '--all', '--name')).split('\n').filter(Boolean).sort()).toEqual(['shop', 'web'])
})

test('a restore that broke off is run again as it is; what the first one left is cleaned up without touching the disks', async () => {
  const [first] = await fleet.db.recoveryPoint.findMany({ where: { vmId: shop.id }, orderBy: { takenAt: 'asc' } })
  await fill(shop, 0x44)
  const before = await diskSum(shop.diskPath)
  setHooks({
    aroundStep: async (at, work) => {
      const result = await work()
      if (at.turn === 'do' && at.step === 'write') {
        await a.lab.stopDaemon()
        throw new Error('made to fail')
      }
      return result
    },
  })
  const id = await startRestore(shop, first?.id ?? '')
  expect((await fleet.ended(id)).error).toMatchObject({
    left: expect.arrayContaining([expect.stringMatching(/^write: /)]),
  })
  setHooks({})
  await a.lab.startDaemon()
  // Some of it is written, some is not.
  await fill(shop, 0x55)
  const again = await retry(id)
  expect(again.error).toBeNull()
  const then = await pointSum(first?.id ?? '')
  expect(await diskSum(shop.diskPath)).toBe(then)
  const undone = await cleanUp(id)
  expect(undone.error).toBeNull()
  expect(await diskSum(shop.diskPath)).toBe(then)
  expect(await pointSum(id), 'what it was before all that').toBe(before)
  expect((await rowOf(id)).error).not.toHaveProperty('left')
})
