import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createGuest,
  diskRecords,
  type Guest,
  mountFiles,
  restartAgent,
  startGuest,
  waitForAgent,
  waitForCount,
} from '#lab/guest/guest.ts'
import type { Host } from '#lab/host.ts'
import { Lab } from '#lab/lab.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import { libvirtDriver } from './driver.ts'

let lab: Lab
let at: Host
let host: HypervisorHost
let guest: Guest
beforeAll(async () => {
  lab = await Lab.create({ id: 'snapshot' })
  at = await lab.addHost({ name: 'one' })
  host = libvirtDriver.open({ uri: `qemu:///system?socket=${at.socketPath}`, name: 'one' })
  await new Promise<void>((resolve) => host.onConnection(({ state }) => state === 'connected' && resolve()))
  guest = await startGuest(at, { name: 'web' })
})
afterAll(async () => {
  await host?.close()
  await lab?.destroy()
})

const names = async (of = 'web') => (await at.virsh('snapshot-list', of, '--name')).split('\n').filter(Boolean)
const take = (name: string, more: { storage?: 'external'; quiesce?: boolean; description?: string } = {}) =>
  host.takeSnapshot(guest.uuid, {
    ...{ name, description: '', storage: 'internal' as const, quiesce: false, mark: { operationId: `op-${name}` } },
    ...more,
  })

test('with memory: the guest goes on where it was, in the boot that it was in', async () => {
  const before = await waitForCount(at, 'web', 3)
  await take('first', { description: 'Before <the> change' })
  const later = await waitForCount(at, 'web', before.n + 3)
  await take('second')
  expect(await names()).toEqual(['first', 'second'])
  const snapshots = await host.listSnapshots(guest.uuid)
  expect(snapshots).toMatchObject([
    {
      ...{ name: 'first', parent: null, description: 'Before <the> change', current: false, state: 'running' },
      ...{ withMemory: true, storage: 'internal', mark: { operationId: 'op-first', quiesced: false } },
    },
    { name: 'second', parent: 'first', description: '', current: true },
  ])
  expect(Math.abs(Date.now() - Date.parse(snapshots[0]?.takenAt ?? ''))).toBeLessThan(120_000)
  expect((await host.readVm(guest.uuid))?.snapshots).toEqual(snapshots)

  await host.revertToSnapshot(guest.uuid, 'first')
  expect((await host.listSnapshots(guest.uuid)).map(({ current }) => current)).toEqual([true, false])
  const again = await waitForCount(at, 'web')
  expect(again.bootId).toBe(before.bootId)
  // Whatever it counts now, it has counted before: time went back.
  await waitForCount(at, 'web', before.n)
  const counted = (await diskRecords(at, guest.diskPath)).filter(({ bootId }) => bootId === before.bootId)
  expect(counted.at(-1)?.n).toBeGreaterThan(0)
  expect(later.n).toBeGreaterThan(before.n)
})

test('definitions are told, forgotten and taken up again; the data stays', async () => {
  const told = await host.exportSnapshots(guest.uuid)
  const before = await host.listSnapshots(guest.uuid)
  expect(told.map(({ name }) => name)).toEqual(['first', 'second'])
  await host.forgetSnapshots(guest.uuid)
  await host.forgetSnapshots(guest.uuid)
  expect(await names()).toEqual([])
  await host.importSnapshots(guest.uuid, told)
  await host.importSnapshots(guest.uuid, told)
  expect(await host.listSnapshots(guest.uuid)).toEqual(before)
  await host.revertToSnapshot(guest.uuid, 'second')
  expect((await at.virsh('snapshot-current', 'web', '--name')).trim()).toBe('second')
})

test('deleting one leaves those after it; absent is fine', async () => {
  await take('third')
  await host.deleteSnapshot(guest.uuid, 'second')
  await host.deleteSnapshot(guest.uuid, 'second')
  expect((await host.listSnapshots(guest.uuid)).map(({ name, parent }) => [name, parent])).toEqual([
    ['first', null],
    ['third', 'first'],
  ])
  for (const name of ['third', 'first']) await host.deleteSnapshot(guest.uuid, name)
  expect(await names()).toEqual([])
  expect(await at.run('qemu-img', 'snapshot', '-U', '-l', guest.diskPath)).not.toMatch(/first|second|third/)
})

test('of a running VM without memory: frozen by its agent, on files of its own, and merged when deleted', async () => {
  await waitForAgent(at, 'web')
  await mountFiles(at, 'web')
  await take('quiet', { storage: 'external', quiesce: true })
  expect(await host.listSnapshots(guest.uuid)).toMatchObject([
    { name: 'quiet', state: 'off', withMemory: false, storage: 'external', mark: { quiesced: true } },
  ])
  expect(await at.virsh('domblklist', 'web')).toContain('web.quiet')
  const count = await waitForCount(at, 'web')
  await waitForCount(at, 'web', count.n + 2)
  await host.deleteSnapshot(guest.uuid, 'quiet')
  expect(await names()).toEqual([])
  expect(await at.virsh('domblklist', 'web')).toContain('web.qcow2')
  expect(await at.run('sh', '-c', 'ls /var/lib/libvirt/images')).not.toContain('web.quiet')
})

test('a guest that stands still already, and whose agent does not thaw it, is told as such', async () => {
  await restartAgent(at, 'web', '-b guest-fsfreeze-thaw')
  await mountFiles(at, 'web')
  expect(await host.freezeFileSystems(guest.uuid)).toBeGreaterThan(0)
  expect(await host.agentCommand(guest.uuid, { execute: 'guest-fsfreeze-status' })).toBe('frozen')
  await expect(take('stuck', { storage: 'external', quiesce: true })).rejects.toMatchObject({
    ...{ code: 'conflict', message: expect.stringMatching(/on one: they stand still, and the guest agent refuses/) },
    wayOut: expect.stringMatching(/reset the VM/),
  })
  expect(await names()).toEqual([])
  await at.virsh('destroy', 'web')
})

test('of a VM that is off: its disks alone', async () => {
  const off = await createGuest(at, { name: 'still' })
  const cold = { name: 'cold', description: '', storage: 'internal', quiesce: false, mark: {} } as const
  await host.takeSnapshot(off.uuid, cold)
  expect(await host.listSnapshots(off.uuid)).toMatchObject([
    { name: 'cold', state: 'off', withMemory: false, storage: 'internal', current: true },
  ])
  expect(await at.run('qemu-img', 'snapshot', '-l', off.diskPath)).toContain('cold')
  await expect(host.takeSnapshot(off.uuid, cold)).rejects.toMatchObject({ code: 'conflict' })
  await host.revertToSnapshot(off.uuid, 'cold')
  expect((await at.virsh('domstate', 'still')).trim()).toBe('shut off')
})
