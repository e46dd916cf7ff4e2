import { beforeAll, beforeEach, expect, test } from 'vitest'
import { run } from '#lab/command.ts'
import { conflict } from '#server/errors.ts'
import type { OperationKind } from '#server/schema/operation.ts'
import { backupFleet } from '#server/testing/backup-fleet.ts'
import type { FleetGuest } from '#server/testing/fleet.ts'

const { fleet, a, datastoreId, backUp, diskSum, pointSum, setHooks } = backupFleet('broken')
const second = '/var/lib/libvirt/images/web-b.qcow2'
let vm: FleetGuest
/** Recovery points of the VM with all ones, all twos, all threes in a piece of each disk */
const points: string[] = []
beforeAll(async () => {
  vm = await fleet.guest('a', { name: 'web', off: true })
  await a.lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', second, '32M')
  await a.lab.virsh('attach-disk', 'web', second, 'vdb', '--config', '--subdriver', 'qcow2')
  await a.lab.virsh('pool-refresh', 'default')
  for (const byte of [1, 2, 3]) {
    await write(byte)
    points.push((await backUp(vm)).id)
  }
})
beforeEach(() => write(9))

async function write(byte: number) {
  for (const path of [vm.diskPath, second])
    await run('qemu-io', ['-f', 'qcow2', '-c', `write -q -P ${byte} 8M 2M`, a.lab.outsidePath(path)])
}
const disks = async () => [await diskSum(vm.diskPath), await diskSum(second)]
const point = async (id = '') => [await pointSum(id, 'vda'), await pointSum(id, 'vdb')]
const target = () => ({ kind: 'vm' as const, id: vm.id, name: 'web' })

/** It fails at these turns of its steps, when their work is done. */
async function does(kind: OperationKind, input: object, failing: readonly string[] = []) {
  setHooks({
    async aroundStep(at, work) {
      if (at.kind !== kind || !failing.includes(`${at.turn} ${at.step}`)) return work()
      if (at.turn === 'do') await work()
      throw conflict(`${at.turn} ${at.step} failed.`)
    },
  })
  const end = await fleet.ended(
    await fleet.ask({ kind, target: target(), tenantId: null, hostId: a.id, input }),
    120_000,
  )
  setHooks({})
  return end
}
const restore = (recoveryPointId = '', failing: readonly string[] = [], more: { disks?: string[] } = {}) =>
  does('restore-vm', { recoveryPointId, datastoreId, shutdownMs: 60_000, ...more }, failing)
const revert = (name: string, failing: readonly string[] = []) =>
  does('revert-snapshot', { name, keepAs: null }, failing)
const inTheMiddle = ['do write', 'undo write']
const cleanUp = (operationId: string) => does('undo-operation', { operationId })
const isKept = async (id: string) => (await fleet.db.recoveryPoint.count({ where: { id } })) === 1

test('a broken restore is written back late, as long as nothing was made of the disks since', async () => {
  const before = await disks()
  const broken = await restore(points[0], inTheMiddle)
  expect(broken.error).toMatchObject({
    left: [expect.stringMatching(/^write/), expect.anything(), expect.anything(), expect.anything()],
  })
  expect(await disks()).toEqual(await point(points[0]))
  // It fails before it writes anything, and changes nothing about what is left.
  expect((await restore(points[1], ['do end reading'])).state).toBe('failed')
  expect((await cleanUp(broken.id)).error).toBeNull()
  expect(await disks()).toEqual(before)
  expect(await isKept(broken.id)).toBe(false)
})

test('what a later restore wrote stays, also when that failed in the end', async () => {
  const broken = await restore(points[0], inTheMiddle)
  const later = await restore(points[1], ['do start'])
  expect(later.error).toMatchObject({ step: 'start' })
  expect((await cleanUp(broken.id)).error).toBeNull()
  expect(await disks()).toEqual(await point(points[1]))
  // The way back to what it was.
  expect(await isKept(broken.id)).toBe(true)
})

test('of two that are left half written the later is cleaned up first', async () => {
  const before = await disks()
  const broken = await restore(points[0], inTheMiddle)
  const later = await restore(points[1], inTheMiddle)
  const tooEarly = await cleanUp(broken.id)
  expect(tooEarly.error).toMatchObject({
    ...{ code: 'conflict', message: expect.stringMatching(/A later restore has left the disks of web half written/) },
    wayOut: expect.stringMatching(/that one/),
  })
  expect(await disks()).toEqual(await point(points[1]))
  expect((await cleanUp(later.id)).error).toBeNull()
  expect(await disks()).toEqual(await point(points[0]))
  expect((await cleanUp(broken.id)).error).toBeNull()
  expect(await disks()).toEqual(before)
})

test('where a later restore was of one disk the others are written back', async () => {
  const [first] = await disks()
  const broken = await restore(points[0], inTheMiddle)
  expect((await restore(points[2], [], { disks: ['vdb'] })).error).toBeNull()
  expect((await cleanUp(broken.id)).error).toBeNull()
  expect(await disks()).toEqual([first, (await point(points[2]))[1]])
  expect(await isKept(broken.id)).toBe(true)
})

test('what a later revert made of the disks stays, also when that failed in the end', async () => {
  await write(5)
  const snapshot = await disks()
  expect((await does('take-snapshot', { name: 'fives' })).error).toBeNull()
  await write(9)
  const broken = await restore(points[0], inTheMiddle)
  expect((await revert('fives', ['do record'])).error).toMatchObject({ step: 'record' })
  expect(await disks()).toEqual(snapshot)
  expect((await cleanUp(broken.id)).error).toBeNull()
  expect(await disks()).toEqual(snapshot)
})

test('where nobody can tell what a later revert made of the disks nothing is written until they are known', async () => {
  const snapshot = await disks()
  expect((await does('take-snapshot', { name: 'nines' })).error).toBeNull()
  const broken = await restore(points[0], inTheMiddle)
  expect((await revert('nines', ['do revert'])).error).toMatchObject({ step: 'revert' })
  const tooEarly = await cleanUp(broken.id)
  expect(tooEarly.error).toMatchObject({
    ...{ code: 'conflict', message: expect.stringMatching(/A later revert of web .* may have changed its disks/) },
    wayOut: expect.stringMatching(/once more/),
  })
  expect((await revert('nines')).error).toBeNull()
  expect((await cleanUp(broken.id)).error).toBeNull()
  expect(await disks()).toEqual(snapshot)
})

test('over what a guest has written since it was half restored nothing is written back', async () => {
  const broken = await restore(points[0], inTheMiddle)
  for (const action of ['start', 'force-off']) expect((await does('power-vm', { action })).error).toBeNull()
  await write(7)
  const used = await disks()
  const refused = await cleanUp(broken.id)
  expect(refused.error).toMatchObject({
    ...{ code: 'conflict', step: 'look', message: expect.stringMatching(/web ran after its restore had failed/) },
    wayOut: expect.stringMatching(/Restore all of its disks/),
  })
  expect(await disks()).toEqual(used)
  const now = await backUp(vm)
  expect((await restore(now.id)).error).toBeNull()
  expect((await cleanUp(broken.id)).error).toBeNull()
  expect(await disks()).toEqual(used)
})
