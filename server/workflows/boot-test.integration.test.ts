import { rm } from 'node:fs/promises'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { waitForAgent, waitForCount } from '#lab/guest/guest.ts'
import { machineNamePrefix } from '#server/core/boot-test.ts'
import { libvirtDriver } from '#server/hypervisor/libvirt/driver.ts'
import { writeVms } from '#server/inventory/vm-table.ts'
import { backupFleet } from '#server/testing/backup-fleet.ts'
import { askBootTest, throwAways } from '#server/testing/boot-test.ts'
import { noFault } from '#server/testing/fault.ts'
import type { FleetGuest } from '#server/testing/fleet.ts'
import { judgeOf } from '#server/testing/judge.ts'
import { recoveryPointRow } from '#server/testing/restore-new.ts'
import { packsOf } from '#server/testing/store-files.ts'
import { sweepBootTest } from './boot-test/sweep.ts'

const { fleet, a, datastoreId, storePath, repository, backUp, setHooks } = backupFleet('boot-tests')
let guest: FleetGuest
let pointId = ''
beforeAll(async () => {
  guest = await fleet.guest('a', { name: 'web', memoryMib: 96, bootsFromDisk: true })
  await waitForAgent(a.lab, 'web')
  pointId = (await backUp(guest)).id
})
beforeEach(() => setHooks({}))

const rowOf = (id: string) => fleet.db.bootTest.findUniqueOrThrow({ where: { id } })
const judge = () => judgeOf(a, machineNamePrefix)
const networks = () => a.lab.virsh('net-list', '--all', '--name')
const isPng = (bytes: Uint8Array | null) => Buffer.from(bytes ?? []).toString('latin1', 1, 4) === 'PNG'

/** Once its guest runs, while it is waited for. */
async function whileItRuns(look: () => Promise<void>): Promise<void> {
  await expect.poll(() => judge().running(), { timeout: 30_000, interval: 100 }).toHaveLength(1)
  await look()
}

/** What the inventory writes of all that the host has now. @returns the names of VMs in the database */
async function inventoried(): Promise<string[]> {
  const host = libvirtDriver.open({ uri: `qemu:///system?socket=${a.lab.socketPath}`, name: 'a' })
  try {
    await expect.poll(() => host.connection().state).toBe('connected')
    const vms = await host.listVms()
    expect(vms.some(({ name }) => name.startsWith(machineNamePrefix))).toBe(true)
    await writeVms(fleet.db, a.id, vms, { events: [], withDevices: new Set(vms.map(({ uuid }) => uuid)) })
  } finally {
    await host.close()
  }
  return (await fleet.db.vm.findMany({ orderBy: { name: 'asc' } })).map(({ name }) => name)
}

test('proven by its agent, beside the original that runs on; it meets nobody, is in no list, and goes', async () => {
  const before = { xml: await a.lab.virsh('dumpxml', 'web'), networks: await networks() }
  const { n } = await waitForCount(a.lab, 'web')
  const id = await askBootTest(fleet, { recoveryPointId: pointId, proof: 'agent' })
  await whileItRuns(async () => {
    const [name = ''] = await judge().running()
    expect(await a.lab.virsh('domiflist', name)).toMatch(/ethernet +- +virtio/)
    const device = /^\s*(\S+) +ethernet/m.exec(await a.lab.virsh('domiflist', name))?.[1] ?? ''
    expect(await a.lab.run('ip', '-o', 'link', 'show', device)).not.toContain('master')
    expect(await a.lab.virsh('domif-getlink', name, device)).toMatch(/down/)
    expect(await a.lab.virsh('dumpxml', name)).not.toContain("listen type='address'")
    expect(await a.lab.virsh('dumpxml', name)).not.toContain(guest.uuid)
    expect(await inventoried()).toEqual(['web'])
  })
  const end = await fleet.ended(id, 120_000)
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ outcome: 'proven', reason: null })
  const row = await rowOf(id)
  expect(row).toMatchObject({ outcome: 'proven', proof: 'agent', guestName: 'web', reason: null, vmId: guest.id })
  expect(row.bootMs).toBeGreaterThan(500)
  expect(row.restoreMs).toBeGreaterThan(0)
  expect(isPng(row.screenshot)).toBe(true)
  expect(row.serialTail).toContain('BOOT host=web')
  expect(await throwAways(a)).toEqual([])
  expect({ xml: await a.lab.virsh('dumpxml', 'web'), networks: await networks() }).toEqual(before)
  expect((await waitForCount(a.lab, 'web', n)).n).toBeGreaterThan(n)
})

test('a disk of nothing but zeros: the test went well and says that it does not boot, with what was on the screen', async () => {
  const id = crypto.randomUUID()
  const disk = await fleet.db.disk.findFirstOrThrow({ where: { vmId: guest.id, target: 'vda' } })
  const writer = await (await repository()).startBackup({
    id,
    disks: [{ name: 'vda', sizeBytes: Number(disk.capacityBytes) }],
  })
  await writer.commit()
  await recoveryPointRow(fleet, a, guest, { id, datastoreId })
  const asked = await askBootTest(fleet, { recoveryPointId: id, limitSeconds: 20 })
  const end = await fleet.ended(asked, 120_000)
  expect(end).toMatchObject({ state: 'succeeded', error: null })
  const reason = 'Within 20 s its guest agent did not answer, and its serial console printed no “login:”.'
  expect(end.result).toMatchObject({ outcome: 'failed', reason, bootMs: null })
  const row = await rowOf(asked)
  expect(row).toMatchObject({ outcome: 'failed', reason, proof: null, bootMs: null })
  expect(isPng(row.screenshot)).toBe(true)
  expect(await throwAways(a)).toEqual([])
})

test('a guest that ends while it boots is no proof, and nobody waits for the rest of its time', async () => {
  const id = await askBootTest(fleet, { recoveryPointId: pointId, proof: 'serial', serialText: 'never said' })
  await whileItRuns(async () => {
    const [name = ''] = await judge().running()
    await expect.poll(async () => (await a.lab.virsh('domstate', name)).trim(), { timeout: 10_000 }).toBe('running')
    await a.lab.virsh('destroy', name)
  })
  expect((await fleet.ended(id, 30_000)).result).toMatchObject({ outcome: 'failed' })
  expect((await rowOf(id)).reason).toBe('It went off while it booted (forced off).')
  expect(await throwAways(a)).toEqual([])
})

test('cancelled while its guest boots: nothing is left, and no result', async () => {
  const id = await askBootTest(fleet, { recoveryPointId: pointId, proof: 'serial', serialText: 'never said' })
  await whileItRuns(async () => {
    const cancelled = { cancelRequestedAt: new Date(), cancelRequestedBy: 'Tester', state: 'cancelling' as const }
    await fleet.db.operation.update({ where: { id }, data: cancelled })
  })
  expect((await fleet.ended(id, 60_000)).state).toBe('cancelled')
  expect(await throwAways(a)).toEqual([])
  expect(await fleet.db.bootTest.findUnique({ where: { id } })).toBeNull()
})

/** A test that breaks off once its VM is defined, and can't take that back. @returns its operation */
async function leftBehind(): Promise<string> {
  setHooks({
    aroundStep: (at, run) => {
      if (at.kind === 'boot-test-vm' && at.turn === 'undo' && at.step === 'define') throw new Error('made to fail')
      if (at.turn === 'do' && at.step === 'define') return run().then(() => Promise.reject(new Error('made to fail')))
      return run()
    },
  })
  const id = await askBootTest(fleet, { recoveryPointId: pointId })
  const end = await fleet.ended(id, 60_000)
  setHooks({})
  expect(end.error).toMatchObject({ left: expect.arrayContaining([expect.stringContaining('define')]) })
  expect(await rowOf(id)).toMatchObject({ outcome: 'failed', machineGone: false })
  // It is nobody's secret any more.
  expect(await inventoried()).toContain((await judge().known())[0])
  return id
}
const forgetThrowAways = () => fleet.db.vm.deleteMany({ where: { name: { startsWith: machineNamePrefix } } })

test('what could not be removed is told and cleaned up later, and its row says that the test broke off', async () => {
  const id = await leftBehind()
  const target = { kind: 'vm' as const, id: guest.id, name: 'web' }
  const undo = await fleet.ask({
    kind: 'undo-operation',
    target,
    tenantId: null,
    input: { operationId: id },
    hostId: a.id,
  })
  expect((await fleet.ended(undo)).error).toBeNull()
  expect(await throwAways(a)).toEqual([])
  expect(await rowOf(id)).toMatchObject({ outcome: 'failed', machineGone: true })
  await forgetThrowAways()
})

test('what is left of one that an upgrade ended goes by itself, but not when somebody took it for their own', async () => {
  const id = await leftBehind()
  // As an upgrade leaves it: nothing is remembered, and nobody has said what came of it.
  await fleet.db.operationTrace.deleteMany({ where: { operationId: id } })
  const error = { code: 'conflict', message: 'Skerry was upgraded.', step: null, wayOut: null }
  await fleet.db.operation.update({ where: { id }, data: { error } })
  await fleet.db.bootTest.update({ where: { id }, data: { outcome: 'running', reason: null, endedAt: null } })
  const sweep = (minutes: number) =>
    fleet.db.$transaction((tx) => sweepBootTest(tx, new Date(Date.now() + minutes * 60_000), noFault))
  expect(await sweep(0)).toBe(false)
  const named = { where: { name: { startsWith: machineNamePrefix } } }
  await fleet.db.vm.updateMany({ ...named, data: { tags: ['mine'] } })
  expect(await sweep(2)).toBe(false)
  await fleet.db.vm.updateMany({ ...named, data: { tags: [] } })
  expect(await sweep(2)).toBe(true)
  expect(await sweep(2)).toBe(false)
  const undo = await fleet.db.operation.findFirstOrThrow({
    where: { kind: 'undo-operation', input: { path: ['operationId'], equals: id } },
  })
  expect((await fleet.ended(undo.id)).error).toBeNull()
  expect(await throwAways(a)).toEqual([])
  expect(await rowOf(id)).toMatchObject({ outcome: 'failed', machineGone: true })
  expect(await sweep(60)).toBe(false)
  await forgetThrowAways()
})

test('of a VM that is gone, proven by its serial console; a damaged backup fails with the reason', async () => {
  await a.lab.virsh('destroy', 'web')
  await a.lab.virsh('undefine', 'web', '--checkpoints-metadata')
  await fleet.db.vm.delete({ where: { id: guest.id } })
  const id = await askBootTest(fleet, { recoveryPointId: pointId, proof: 'serial', serialText: 'BOOT host=web' })
  expect((await fleet.ended(id, 120_000)).error).toBeNull()
  expect(await rowOf(id)).toMatchObject({ outcome: 'proven', proof: 'serial', vmId: null, vmUuid: guest.uuid })

  const packs = await packsOf(storePath())
  expect(packs.length).toBeGreaterThan(0)
  for (const path of packs) await rm(path)
  const broken = await askBootTest(fleet, { recoveryPointId: pointId })
  const end = await fleet.ended(broken, 120_000)
  expect(end.state).toBe('failed')
  const { message } = end.error as { message: string }
  expect(await rowOf(broken)).toMatchObject({ outcome: 'failed', reason: message, machineGone: true })
  expect(await throwAways(a)).toEqual([])
})
