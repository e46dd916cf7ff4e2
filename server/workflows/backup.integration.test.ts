import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '#lab/command.ts'
import { diskRecords, waitForAgent, waitForBoot, waitForCount } from '#lab/guest/guest.ts'
import { env } from '#server/env.ts'
import { NbdServer } from '#server/nbd/server.ts'
import { RestoreMeasure } from '#server/schema/backup.ts'
import { type TestEngine, testEngine } from '#server/testing/engine.ts'
import { type FleetGuest, type FleetHost, type TestFleet, testFleet } from '#server/testing/fleet.ts'
import { reachOverTls } from '#server/testing/fleet-tls.ts'
import { Repositories } from './repositories.ts'

let fleet: TestFleet
let engine: TestEngine
let a: FleetHost
let running: FleetGuest
let off: FleetGuest
let folder = ''
let datastoreId = ''
let repositories: Repositories
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skerry-datastore-'))
  fleet = await testFleet('backups', ['a'])
  a = fleet.host('a')
  running = await fleet.guest('a', { name: 'web', memoryMib: 96 })
  off = await fleet.guest('a', { name: 'still', off: true })
  await reachOverTls(fleet, a)
  engine = await testEngine(fleet)
  repositories = new Repositories({ db: fleet.db, keys: env().SKERRY_KEY, cacheFolder: join(folder, 'cache') })
})
afterAll(async () => {
  await engine?.stop()
  await repositories?.close()
  await fleet?.close()
  await rm(folder, { recursive: true, force: true })
})

const backUp = async ({ id, name }: FleetGuest, more: object = {}) => {
  const target = { kind: 'vm' as const, id, name }
  return fleet.ended(
    await fleet.ask({ kind: 'back-up-vm', target, tenantId: null, hostId: a.id, input: { datastoreId, ...more } }),
  )
}
const checkpoints = async (name: string) =>
  (await a.lab.virsh('checkpoint-list', name, '--name')).split('\n').filter(Boolean)

/** The disk as it would be restored, as a file that qemu-img can compare. */
async function exported(recoveryPointId: string, path: string): Promise<void> {
  const repository = await repositories.repository(datastoreId, null)
  const point = await repository.recoveryPoint(recoveryPointId)
  const [disk] = point.description.disks
  const socketPath = join(folder, `${recoveryPointId}.sock`)
  const server = await NbdServer.start({
    listen: { socketPath },
    open: () => ({ sizeBytes: disk?.sizeBytes ?? 0, read: (at, length) => point.read('vda', at, length) }),
  })
  try {
    await run('qemu-img', ['convert', '-O', 'raw', `nbd+unix:///disk?socket=${socketPath}`, path])
  } finally {
    await server.close()
    await point.close()
  }
}

test('a datastore is made in a folder, once', async () => {
  const path = join(folder, 'store')
  datastoreId = crypto.randomUUID()
  const id = await fleet.ask({
    ...{ kind: 'add-datastore', target: { kind: 'datastore', id: datastoreId, name: 'first' }, tenantId: null },
    input: { name: 'first', datastoreId, location: { kind: 'folder', path }, sealed: null },
  })
  expect((await fleet.ended(id)).error).toBeNull()
  expect(await readdir(path)).toContain(datastoreId)
  expect(await fleet.db.datastore.findUnique({ where: { id: datastoreId } })).toMatchObject({ name: 'first' })
})

test('a VM that is off: every block, identical to its disk, and it is off again', async () => {
  const end = await backUp(off)
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ reading: 'full', consistency: 'off' })
  expect((await a.lab.virsh('domstate', 'still')).trim()).toBe('shut off')
  const raw = join(folder, 'still.raw')
  await exported(end.id, raw)
  expect(await run('qemu-img', ['compare', '-f', 'raw', '-F', 'qcow2', raw, a.lab.outsidePath(off.diskPath)])).toMatch(
    /identical/,
  )
  expect(await checkpoints('still')).toEqual([`skerry-${end.id}`])
})

test('a running VM: full, then what has changed alone, frozen by its agent; each restores to its own instant', async () => {
  await waitForAgent(a.lab, 'web')
  const first = await backUp(running)
  expect(first.error).toBeNull()
  expect(first.result).toMatchObject({ reading: 'full', consistency: 'application' })
  const count = await waitForCount(a.lab, 'web')
  await waitForCount(a.lab, 'web', count.n + 3)
  const second = await backUp(running)
  expect(second.error).toBeNull()
  expect(second.result).toMatchObject({ reading: 'incremental', consistency: 'application' })
  const [full, changed] = await Promise.all(
    [first, second].map(({ id }) => fleet.db.recoveryPoint.findUniqueOrThrow({ where: { id } })),
  )
  expect(changed?.readBytes).toBeLessThan(Number(full?.readBytes) / 4)
  expect(changed?.parentId).toBe(first.id)
  expect(await checkpoints('web')).toEqual([`skerry-${second.id}`])
  await a.lab.virsh('suspend', 'web')
  const third = await backUp(running)
  expect(third.result).toMatchObject({ reading: 'incremental', consistency: 'crash' })
  const raw = join(folder, 'web.raw')
  await exported(third.id, raw)
  const disk = a.lab.outsidePath(running.diskPath)
  expect(await run('qemu-img', ['compare', '-U', '-f', 'raw', '-F', 'qcow2', raw, disk])).toMatch(/identical/)
  await exported(first.id, raw)
  await expect(run('qemu-img', ['compare', '-U', '-f', 'raw', '-F', 'qcow2', raw, disk])).rejects.toThrow(/mismatch/)
  await a.lab.virsh('resume', 'web')
})

test('a checkpoint that is gone costs a full read, of which nothing is stored twice', async () => {
  for (const name of await checkpoints('web')) await a.lab.virsh('checkpoint-delete', 'web', name)
  const end = await backUp(running)
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ reading: 'full' })
  const point = await fleet.db.recoveryPoint.findUniqueOrThrow({ where: { id: end.id } })
  expect(Number(point.storedBytes)).toBeLessThan(Number(point.readBytes) / 10)
})

test('restored in place: only what differs is written, it is the same VM, and its next backup is incremental', async () => {
  const points = await fleet.db.recoveryPoint.findMany({ where: { vmId: running.id }, orderBy: { takenAt: 'asc' } })
  const [first] = points
  const uuid = (await a.lab.virsh('domuuid', 'web')).trim()
  const target = { kind: 'vm' as const, id: running.id, name: running.name }
  const count = await waitForCount(a.lab, 'web')
  await waitForCount(a.lab, 'web', count.n + 2)
  const measured = await fleet.ended(
    await fleet.ask({
      ...{ kind: 'measure-restore', target, tenantId: null, hostId: a.id, exclusive: false },
      input: { recoveryPointId: first?.id ?? '', datastoreId },
    }),
  )
  expect(measured.error).toBeNull()
  const { disks, read } = RestoreMeasure.parse(measured.result)
  expect(disks).toMatchObject([{ target: 'vda', sizeBytes: Number(first?.sizeBytes), obstacle: null }])
  expect(disks[0]?.changedBytes).toBeGreaterThan(0)
  // The guest has written since the newest recovery point, and goes on until it is off.
  expect(disks[0]?.sinceBytes).toBeGreaterThan(0)
  expect(read.isAssumed).toBe(false)
  const shutdownBytes = 4 * 2 ** 20
  const mostBytes = (disks[0]?.changedBytes ?? 0) + (disks[0]?.sinceBytes ?? 0) + shutdownBytes
  const end = await fleet.ended(
    await fleet.ask({
      ...{ kind: 'restore-vm', target, tenantId: null, hostId: a.id },
      input: { recoveryPointId: first?.id ?? '', datastoreId, shutdownMs: 60_000 },
    }),
    120_000,
  )
  expect(end.error).toBeNull()
  const { writtenBytes } = end.result as { writtenBytes: number }
  expect(writtenBytes).toBeLessThanOrEqual(mostBytes)
  expect(writtenBytes).toBeGreaterThan(0)
  expect(writtenBytes).toBeLessThan(Number(first?.sizeBytes) / 2)
  expect((await a.lab.virsh('domuuid', 'web')).trim()).toBe(uuid)
  expect((await a.lab.virsh('domstate', 'web')).trim()).toBe('running')
  expect((await a.lab.virsh('list', '--all', '--name')).split('\n').filter(Boolean).sort()).toEqual(['still', 'web'])
  const before = await backUp(running)
  expect(before.result).toMatchObject({ reading: 'incremental' })

  // It has written since; off, so that nothing changes it again.
  const { bootId } = await waitForBoot(a.lab, 'web', 2)
  const written = async () => (await diskRecords(a.lab, running.diskPath)).some((record) => record.bootId === bootId)
  await expect.poll(written, { timeout: 60_000 }).toBe(true)
  await a.lab.virsh('destroy', 'web')
  const again = await fleet.ended(
    await fleet.ask({
      ...{ kind: 'restore-vm', target, tenantId: null, hostId: a.id },
      input: { recoveryPointId: first?.id ?? '', datastoreId, shutdownMs: 60_000 },
    }),
    120_000,
  )
  expect(again.error).toBeNull()
  const raw = join(folder, 'restored.raw')
  await exported(first?.id ?? '', raw)
  const disk = a.lab.outsidePath(running.diskPath)
  expect(await run('qemu-img', ['compare', '-f', 'raw', '-F', 'qcow2', raw, disk])).toMatch(/identical/)
  // What it was before is a recovery point too: the restore can be undone.
  await exported(again.id, raw)
  await expect(run('qemu-img', ['compare', '-f', 'raw', '-F', 'qcow2', raw, disk])).rejects.toThrow(/mismatch/)

  const origins = await fleet.db.recoveryPoint.findMany({ where: { id: { in: [again.id, before.id] } } })
  expect(Object.fromEntries(origins.map(({ id, origin }) => [id, origin]))).toEqual({
    ...{ [again.id]: 'restore', [before.id]: 'person' },
  })

  // What was written by the restore itself is marked as changed too.
  const last = await backUp(running)
  expect(last.result).toMatchObject({ reading: 'incremental', consistency: 'off' })
  await exported(last.id, raw)
  expect(await run('qemu-img', ['compare', '-f', 'raw', '-F', 'qcow2', raw, disk])).toMatch(/identical/)
})

test('the newest recovery point deleted: not while it is needed; then its marks go and the next backup reads everything', async () => {
  const newest = () =>
    fleet.db.recoveryPoint.findFirstOrThrow({ where: { vmId: running.id }, orderBy: { takenAt: 'desc' } })
  const { id } = await newest()
  const target = { kind: 'vm' as const, id: running.id, name: running.name }
  const remove = async () =>
    fleet.ended(
      await fleet.ask({
        ...{ kind: 'remove-recovery-points', target, tenantId: null, exclusive: false },
        input: { datastoreId, ids: [id] },
      }),
    )
  const restore = await fleet.db.operation.create({
    data: {
      ...{ kind: 'restore-vm', targetKind: 'vm', targetId: running.id, targetName: 'web', exclusive: false },
      ...{ actorKind: 'user', actorName: 'Tester', state: 'running', input: { recoveryPointId: id } },
    },
  })
  expect((await remove()).error).toMatchObject({ code: 'conflict' })
  expect((await newest()).id).toBe(id)
  const over = { state: 'failed' as const, finishedAt: new Date() }
  await fleet.db.operation.update({ where: { id: restore.id }, data: over })
  const trace = { operationId: restore.id, leftover: { stepIndex: 1, memory: {} } }
  await fleet.db.operationTrace.create({ data: trace })
  expect((await remove()).error, 'what it left is cleaned up with it').toMatchObject({ code: 'conflict' })
  await fleet.db.operation.delete({ where: { id: restore.id } })

  const removed = await remove()
  expect(removed.error).toBeNull()
  expect(removed.result).toEqual({ removed: 1 })
  expect((await newest()).id).not.toBe(id)
  const repository = await repositories.repository(datastoreId, null)
  await expect(repository.recoveryPoint(id)).rejects.toMatchObject({ code: 'not-found' })
  expect(await checkpoints('web')).toEqual([`skerry-${id}`])
  const next = await backUp(running)
  expect(next.error).toBeNull()
  expect(next.result).toMatchObject({ reading: 'full' })
  expect(await checkpoints('web')).toEqual([`skerry-${next.id}`])
  expect((await backUp(running)).result).toMatchObject({ reading: 'incremental' })
})

test('gone back to a snapshot: the marks go, which QEMU would end over, and the next backup reads everything', async () => {
  const compared = async (id: string) => {
    const raw = join(folder, 'reverted.raw')
    await exported(id, raw)
    return run('qemu-img', ['compare', '-U', '-f', 'raw', '-F', 'qcow2', raw, a.lab.outsidePath(running.diskPath)])
  }
  const revert = async () =>
    fleet.ended(
      await fleet.ask({
        ...{ kind: 'revert-snapshot', target: { kind: 'vm', id: running.id, name: running.name }, tenantId: null },
        ...{ hostId: a.id, input: { name: 'then', keepAs: null } },
      }),
    )
  await a.lab.virsh('start', 'web')
  await waitForAgent(a.lab, 'web')
  await a.lab.virsh('snapshot-create-as', 'web', 'then')
  expect((await backUp(running)).result).toMatchObject({ reading: 'incremental' })
  const on = await revert()
  expect(on.error).toBeNull()
  expect(on.result).toMatchObject({ state: 'running', nextBackupIsFull: true })
  expect((await a.lab.virsh('domstate', 'web')).trim()).toBe('running')
  expect(await checkpoints('web')).toEqual([])
  await a.lab.virsh('suspend', 'web')
  const whole = await backUp(running)
  expect(whole.result).toMatchObject({ reading: 'full' })
  expect(await compared(whole.id)).toMatch(/identical/)

  // Off, its marks can’t be deleted without QEMU: it is started paused for that, and the guest never runs.
  await a.lab.virsh('destroy', 'web')
  await a.lab.virsh('snapshot-delete', 'web', 'then')
  const target = { kind: 'vm' as const, id: running.id, name: running.name }
  const marked = await checkpoints('web')
  const taken = await fleet.ended(
    await fleet.ask({ kind: 'take-snapshot', target, tenantId: null, hostId: a.id, input: { name: 'then' } }),
  )
  expect(taken.error).toBeNull()
  expect(await checkpoints('web')).toEqual(marked)
  const changed = await backUp(running)
  expect(changed.result).toMatchObject({ reading: 'incremental', consistency: 'off' })
  expect(await compared(changed.id)).toMatch(/identical/)
  const off = await revert()
  expect(off.error).toBeNull()
  expect(off.result).toMatchObject({ state: 'off', nextBackupIsFull: true })
  const again = await backUp(running)
  expect(again.result).toMatchObject({ reading: 'full', consistency: 'off' })
  expect(await compared(again.id)).toMatch(/identical/)

  await a.lab.virsh('start', 'web', '--paused')
  await a.lab.virsh('checkpoint-create-as', 'web', 'of-another-tool')
  const refused = await revert()
  expect(refused.error).toMatchObject({ code: 'conflict', message: expect.stringMatching(/of-another-tool/) })
  expect((await a.lab.virsh('domstate', 'web')).trim()).toBe('paused')
})

test('marks that a power failure broke: everything is read, they go, and the next backup is incremental', async () => {
  const guest = await fleet.guest('a', { name: 'struck', memoryMib: 96 })
  for (const reading of ['full', 'incremental']) expect((await backUp(guest)).result).toMatchObject({ reading })
  const [broken] = await checkpoints('struck')
  await a.lab.powerOff()
  await a.lab.powerOn()
  await a.lab.virsh('start', 'struck')
  expect(await checkpoints('struck')).toEqual([broken])
  const whole = await backUp(guest)
  expect(whole.error).toBeNull()
  expect(whole.result).toMatchObject({ reading: 'full', left: [] })
  expect(await checkpoints('struck')).toEqual([`skerry-${whole.id}`])
  await a.lab.virsh('suspend', 'struck')
  const next = await backUp(guest)
  expect(next.result).toMatchObject({ reading: 'incremental' })
  const raw = join(folder, 'struck.raw')
  await exported(next.id, raw)
  const disk = a.lab.outsidePath(guest.diskPath)
  expect(await run('qemu-img', ['compare', '-U', '-f', 'raw', '-F', 'qcow2', raw, disk])).toMatch(/identical/)
})
