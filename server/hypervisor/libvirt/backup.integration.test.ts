import { type FileHandle, open } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '#lab/command.ts'
import { type Guest, startGuest, waitForAgent, waitForCount } from '#lab/guest/guest.ts'
import type { Host } from '#lab/host.ts'
import { Lab } from '#lab/lab.ts'
import type { BackupPlan } from '#server/hypervisor/backup-plan.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import { connectNbd, type OpenExportOptions } from '#server/nbd/connect.ts'
import { NbdError } from '#server/nbd/error.ts'
import { readAhead } from '#server/nbd/read-ahead.ts'
import { allocationFlag, dirtyFlag } from '#server/nbd/wire.ts'
import { tlsOf } from '#server/testing/fleet-tls.ts'
import { libvirtDriver } from './driver.ts'

let lab: Lab
let first: Host
let second: Host
let host: HypervisorHost
let other: HypervisorHost
let guest: Guest
let copy: FileHandle
let copyPath: string

beforeAll(async () => {
  lab = await Lab.create({ id: 'backup' })
  first = await lab.addHost({ name: 'first' })
  second = await lab.addHost({ name: 'second' })
  host = libvirtDriver.open({ uri: `qemu:///system?socket=${first.socketPath}`, name: 'first' })
  other = libvirtDriver.open({ uri: `qemu:///system?socket=${second.socketPath}`, name: 'second' })
  const connected = (of: HypervisorHost) =>
    new Promise<void>((resolve) => of.onConnection(({ state }) => state === 'connected' && resolve()))
  await Promise.all([connected(host), connected(other)])
  guest = await startGuest(first, { name: 'kept', command: 'load disk 64' })
  await waitForAgent(first, 'kept')
  copyPath = join(lab.dir, 'copy.raw')
  copy = await open(copyPath, 'w+')
})

afterAll(async () => {
  await copy?.close()
  await Promise.all([host?.close(), other?.close()])
  await lab?.destroy()
})

/** Reads what the context calls for into the copy; returns how much that was. */
async function readInto(target: OpenExportOptions, context: string, wanted: (flags: number) => boolean) {
  const client = await connectNbd({ ...target, contexts: [context] })
  await copy.truncate(client.sizeBytes)
  async function* chosen() {
    for await (const extent of client.extents(context, 0, client.sizeBytes)) if (wanted(extent.flags)) yield extent
  }
  let readBytes = 0
  for await (const { offset, bytes } of readAhead(client, chosen())) {
    await copy.write(bytes, 0, bytes.length, offset)
    readBytes += bytes.length
  }
  const { sizeBytes } = client
  await client.close()
  return { readBytes, sizeBytes }
}

const isData = (flags: number) => (flags & allocationFlag.zero) === 0
const isDirty = (flags: number) => (flags & dirtyFlag.dirty) !== 0
const scratchFiles = () => first.run('find', '/var/lib/libvirt', '-name', '*scratch*')
const named = async (of: Host) => (await of.virsh('checkpoint-list', 'kept', '--name')).split('\n').filter(Boolean)

/** On the first host, at a socket. */
async function begin(plan: Omit<BackupPlan, 'disks' | 'listen'>) {
  const { address, disks } = await host.beginBackup(guest.uuid, { ...plan, listen: 'socket', disks: ['vda'] })
  if (!('socketPath' in address) || !disks[0]) throw new Error('no disk is exported at a socket')
  return { address, disk: disks[0], socketPath: first.outsidePath(address.socketPath) }
}

/** What is in the way of opening a socket of the first host, for root and for an account that is in no group of QEMU's. */
async function troubles(socketPath: string) {
  const script = `
    import { libvirtDriver } from '${resolve(import.meta.dirname, 'driver.ts')}'
    const host = libvirtDriver.open({ uri: 'qemu:///system?socket=${first.socketPath}', name: 'first' })
    const socket = await host.reachSocket('${socketPath}')
    const root = await socket.trouble()
    process.setgroups([])
    process.setgid(65534)
    process.setuid(65534)
    const { code, message, wayOut } = await socket.trouble()
    console.log(JSON.stringify({ root: root ?? null, other: { code, message, wayOut } }))
    await host.close()`
  return JSON.parse(await run(process.execPath, ['--input-type=module', '-e', script]))
}

test('a disk that a snapshot made is known to no pool, and yet the pool makes what the guest overwrites meanwhile', async () => {
  await first.virsh('snapshot-create-as', 'kept', 'then', '--disk-only', '--no-metadata')
  expect(await first.virsh('vol-list', 'default')).not.toContain('kept.then')
  const { disk } = await begin({})
  expect(disk.target).toBe('vda')
  expect(await first.virsh('vol-list', 'default')).toContain('kept.then.skerry-scratch')
  expect((await host.listStoragePools()).flatMap(({ volumes }) => volumes.map(({ name }) => name))).toEqual(
    expect.not.arrayContaining([expect.stringContaining('scratch')]),
  )
  await host.endBackup(guest.uuid)
  expect(await scratchFiles()).toBe('')
  await first.virsh('blockcommit', 'kept', 'vda', '--active', '--pivot', '--wait')
  await first.run('rm', guest.diskPath.replace('.qcow2', '.then'))
})

test('a full backup of a running guest makes a checkpoint; another meanwhile is refused', async () => {
  const folder = `/var/lib/libvirt/qemu/domain-${(await first.virsh('domid', 'kept')).trim()}-kept`
  // As when the host's power failed in the middle of an earlier one.
  await first.run('touch', `${guest.diskPath}.skerry-scratch`, `${folder}/skerry.sock`)
  await first.run('cp', guest.diskPath, `${guest.diskPath}.backup`)
  const { disk, address, socketPath } = await begin({ checkpoint: 'one', quiesce: true })
  expect(disk).toEqual({ target: 'vda', exportName: 'vda', changes: null })
  expect(await host.readBackup(guest.uuid)).toEqual({ address, disks: [disk] })
  expect(await first.run('find', '/var/lib/libvirt/qemu', '-name', '*skerry*', '-type', 's')).toBe(
    `${folder}/skerry.sock\n`,
  )
  expect(await troubles(socketPath)).toEqual({
    root: null,
    other: {
      code: 'forbidden',
      message: expect.stringMatching(/worker’s account can’t open the socket of QEMU on first/),
      wayOut: expect.stringMatching(/root.*group/),
    },
  })
  expect(await host.readJob(guest.uuid)).toMatchObject({ kind: 'backup', state: 'running' })
  // Not made by QEMU, which does not survive being asked for statistics meanwhile: the pool knows it.
  expect(await first.virsh('vol-list', 'default')).toContain('kept.qcow2.skerry-scratch')
  const askedAt = performance.now()
  await expect(begin({})).rejects.toMatchObject({ code: 'conflict' })
  expect(performance.now() - askedAt).toBeLessThan(5000)
  const { readBytes, sizeBytes } = await readInto({ socketPath, exportName: 'vda' }, 'base:allocation', isData)
  expect(readBytes).toBeLessThan(sizeBytes)
  await host.endBackup(guest.uuid)
  await host.endBackup(guest.uuid)
  expect(await host.readBackup(guest.uuid)).toBeNull()
  expect(await host.readCompletedJob(guest.uuid)).toBeNull()
  expect(await named(first)).toEqual(['one'])
  expect(await scratchFiles()).toBe('')
  // What somebody else keeps beside the disk is not ours.
  expect(await first.run('ls', `${guest.diskPath}.backup`)).toContain('.backup')
  expect(await first.run('find', '/var/lib/libvirt/qemu', '-name', '*skerry*')).toBe('')
})

test('a disk that lies in no pool is backed up too: there libvirt makes what the guest overwrites meanwhile', async () => {
  const beside = '/var/lib/libvirt/beside.qcow2'
  await first.run('qemu-img', 'create', '-q', '-f', 'qcow2', beside, '16M')
  await first.virsh('attach-disk', 'kept', beside, 'vdb', '--live', '--subdriver', 'qcow2')
  const plan = { disks: ['vda', 'vdb'], listen: 'socket' } as const
  const { disks } = await host.beginBackup(guest.uuid, plan)
  expect(disks.map(({ target }) => target)).toEqual(['vda', 'vdb'])
  expect((await scratchFiles()).trim().split('\n').sort()).toEqual([
    `${beside}.skerry-scratch`,
    `${guest.diskPath}.skerry-scratch`,
  ])
  expect(await first.virsh('vol-list', 'default')).not.toContain('scratch')
  await host.endBackup(guest.uuid)
  expect(await scratchFiles()).toBe('')
  // As when the host's power failed: nothing lets us look there.
  await first.run('touch', `${beside}.skerry-scratch`, `${guest.diskPath}.skerry-scratch`)
  await expect(host.beginBackup(guest.uuid, plan)).rejects.toMatchObject({
    ...{ code: 'conflict', wayOut: expect.stringContaining(`${beside}.skerry-scratch`) },
  })
  expect(await scratchFiles()).toBe(`${beside}.skerry-scratch\n`)
  await first.run('rm', `${beside}.skerry-scratch`)
  await first.virsh('detach-disk', 'kept', 'vdb', '--live')
  await first.run('rm', beside)
})

test('an incremental backup is what changed alone, and gives the disk as it is', async () => {
  const before = await waitForCount(first, 'kept')
  await waitForCount(first, 'kept', before.n + 2)
  await host.power(guest.uuid, { action: 'suspend' })
  // A guest that stands still has no agent that could freeze it: nothing is begun then.
  await expect(begin({ checkpoint: 'no', quiesce: true })).rejects.toMatchObject({
    code: expect.stringMatching(/conflict|unavailable/),
  })
  expect(await host.readBackup(guest.uuid)).toBeNull()
  expect(await named(first)).toEqual(['one'])
  const { disk, socketPath } = await begin({ since: 'one', checkpoint: 'two' })
  expect(disk.changes).toBe('qemu:dirty-bitmap:backup-vda')
  const { readBytes, sizeBytes } = await readInto({ socketPath, exportName: 'vda' }, disk.changes ?? '', isDirty)
  expect(readBytes).toBeGreaterThan(0)
  expect(readBytes).toBeLessThan(sizeBytes / 4)
  // The guest stands still, so what its disk reads now is what it was when the backup began.
  const whole = join(lab.dir, 'whole.raw')
  await run('qemu-img', ['convert', '-f', 'raw', '-O', 'raw', `nbd+unix:///vda?socket=${socketPath}`, whole])
  expect(await run('qemu-img', ['compare', '-f', 'raw', '-F', 'raw', copyPath, whole])).toContain('identical')
  await host.endBackup(guest.uuid)
  await host.power(guest.uuid, { action: 'resume' })
  const checkpoints = await host.listCheckpoints(guest.uuid)
  expect(checkpoints.map(({ name, parent, disks }) => ({ name, parent, disks }))).toEqual([
    { name: 'one', parent: null, disks: ['vda'] },
    { name: 'two', parent: 'one', disks: ['vda'] },
  ])
  expect(Math.abs(Date.now() - Date.parse(checkpoints[1]?.takenAt ?? ''))).toBeLessThan(120_000)
  await host.deleteCheckpoint(guest.uuid, 'one')
  await host.deleteCheckpoint(guest.uuid, 'one')
  expect(await named(first)).toEqual(['two'])
  // One whose marks are in no disk any more can be deleted too.
  await host.importCheckpoints(guest.uuid, checkpoints.slice(0, 1))
  expect(await named(first)).toContain('one')
  await host.deleteCheckpoint(guest.uuid, 'one')
  expect(await named(first)).toEqual(['two'])
  await expect(begin({ since: 'one' })).rejects.toMatchObject({ code: 'not-found' })
})

test('after a move the checkpoints are told to the new host, and the next incremental over TLS gives the disk', async () => {
  const kept = await host.listCheckpoints(guest.uuid)
  const volume = await host.findVolume(guest.diskPath)
  await other.createVolume('default', {
    name: 'kept.qcow2',
    format: 'qcow2',
    capacityBytes: volume?.capacityBytes ?? 0,
  })
  await host.migrate(guest.uuid, {
    destinationUri: second.tlsUri,
    copyDisks: ['vda'],
    tls: true,
    live: true,
    postCopy: false,
    autoConverge: false,
    synchronousWrites: false,
  })
  const before = await waitForCount(second, 'kept')
  expect(await named(second)).toEqual([])
  await other.importCheckpoints(guest.uuid, kept)
  await other.importCheckpoints(guest.uuid, kept)
  expect(await named(second)).toEqual(['two'])
  await waitForCount(second, 'kept', before.n + 2)
  await other.power(guest.uuid, { action: 'suspend' })
  const { address, disks } = await other.beginBackup(guest.uuid, {
    disks: ['vda'],
    since: 'two',
    listen: { host: second.address, tls: true },
  })
  if (!('host' in address)) throw new Error('it does not listen on TCP')
  const target = { host: address.host, port: address.port, exportName: 'vda', timeoutMs: 5000 }
  const outcome = await connectNbd(target).catch((error: unknown) => error)
  expect(outcome instanceof NbdError && outcome.code).toBe('tls')
  const credential = await tlsOf(lab.pki)
  const { readBytes, sizeBytes } = await readInto({ ...target, tls: credential }, disks[0]?.changes ?? '', isDirty)
  expect(readBytes).toBeLessThan(sizeBytes / 4)
  await other.endBackup(guest.uuid)
  // Paused since before the backup began: nothing was written after it.
  await other.power(guest.uuid, { action: 'force-off' })
  const image = second.outsidePath(guest.diskPath)
  expect(await run('qemu-img', ['compare', '-f', 'raw', '-F', 'qcow2', copyPath, image])).toContain('identical')
  const atSocket = { disks: ['vda'], listen: 'socket' } as const
  await expect(other.beginBackup(guest.uuid, atSocket)).rejects.toMatchObject({ code: 'conflict' })
})

test('the guest agent freezes, thaws and does as told', async () => {
  await other.power(guest.uuid, { action: 'start' })
  await waitForAgent(second, 'kept')
  // This guest has no file system on its disk, so there is none to count.
  expect(await other.freezeFileSystems(guest.uuid)).toBe(0)
  expect(await other.thawFileSystems(guest.uuid)).toBe(0)
  expect(await other.agentCommand(guest.uuid, { execute: 'guest-fsfreeze-status' })).toBe('thawed')
  expect(await other.agentCommand(guest.uuid, { execute: 'guest-get-host-name' })).toEqual({ 'host-name': 'kept' })
  await expect(other.agentCommand(guest.uuid, { execute: 'no-such-thing' })).rejects.toMatchObject({
    code: 'unavailable',
  })
})

test('marks that a power failure broke count nothing, are told as broken, and go', async () => {
  const [kept] = await named(second)
  const whole = await other.changedSince(guest.uuid, kept ?? '')
  expect(whole?.get('vda')).toBeGreaterThan(0)
  await second.powerOff()
  await second.powerOn()
  await expect
    .poll(
      () =>
        other.readVm(guest.uuid).then(
          (vm) => vm?.state,
          () => 'unreachable',
        ),
      { timeout: 30_000 },
    )
    .toBe('off')
  await other.power(guest.uuid, { action: 'start' })
  expect(await other.changedSince(guest.uuid, kept ?? '')).toBeNull()
  const plan = { disks: ['vda'], since: kept ?? '', listen: { host: second.address, tls: true } }
  await expect(other.beginBackup(guest.uuid, plan)).rejects.toMatchObject({
    ...{ code: 'conflict', message: expect.stringMatching(/marks .* are broken/) },
  })
  await other.deleteCheckpoint(guest.uuid, kept ?? '')
  expect(await named(second)).toEqual([])
})
