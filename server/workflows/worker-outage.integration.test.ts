import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { enqueue } from '#server/core/operation.ts'
import { WorkerLease } from '#server/core/worker-lease.ts'
import { type Db, openDb } from '#server/db.ts'
import { Daemon } from '#server/libvirt/testing/daemon.ts'
import { newPassword, type Postgres, startPostgres } from '#server/setup/postgres.mjs'
import { migrate } from '#server/setup/prisma.mjs'
import { createHost, createVm } from '#server/testing/vm.ts'
import { WorkerChild } from '#server/testing/worker-child.ts'

const silenceMs = 4_000
const uri = 'test:///default'
const folder = mkdtempSync(join(tmpdir(), 'skerry-outage-'))
const trailPath = join(folder, 'trail')
const password = newPassword()
let port: number | undefined
let postgres: Postgres
let db: Db
let daemon: Daemon
/** The driver forgets its VMs with the last connection. */
let keeper: Awaited<ReturnType<Daemon['connect']>>
const workers: WorkerChild[] = []
let vm: { id: string; hostId: string }

async function startDatabase() {
  const place = { dataDir: join(folder, 'data'), logPath: join(folder, 'log'), throwAway: true }
  postgres = await startPostgres({ ...place, password, ...(port ? { port } : {}) })
  port = postgres.port
}

beforeAll(async () => {
  await startDatabase()
  await migrate(postgres.url())
  db = openDb(postgres.url(), { scope: 'fleet' })
  daemon = await Daemon.start()
  keeper = await daemon.connect(uri)
  const uuid = '00000000-0000-4000-8000-000000000001'
  const xml = `<domain type='test'><name>web</name><uuid>${uuid}</uuid><memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>`
  await keeper.call('domainDefineXmlFlags', { xml })
  const host = await createHost(db)
  await db.host.update({ where: { id: host.id }, data: { uri: `${uri}?socket=${daemon.socketPath}` } })
  vm = await createVm(db, host, null, { uuid, name: 'web', state: 'off' })
})
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.stop()
  await daemon.virsh(uri, 'destroy', 'web').catch(() => undefined)
  rmSync(trailPath, { force: true })
})
afterAll(async () => {
  await keeper?.close()
  await daemon?.remove()
  await db?.$disconnect()
  await postgres?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const start = async (name: string, holdMs = 0) => {
  const worker = new WorkerChild(postgres.url())
  workers.push(worker)
  await worker.begin({ workerId: name, silenceMs, holdMs, trailPath })
  return worker
}
const ask = async () => {
  const actor = { kind: 'user' as const, id: 'tester', name: 'Tester' }
  const wanted = {
    kind: 'power-vm' as const,
    target: { kind: 'vm' as const, id: vm.id, name: 'web' },
    ...{ tenantId: null, hostId: vm.hostId, input: { action: 'start' } },
  }
  return (await db.$transaction((tx) => enqueue({ tx, actor, requestId: null }, wanted))).id
}
const stateOf = async (id: string) => (await db.operation.findUniqueOrThrow({ where: { id } })).state
const domstate = async () => (await daemon.virsh(uri, 'domstate', 'web')).trim()
const trail = () => {
  try {
    return readFileSync(trailPath, 'utf8').trim().split('\n')
  } catch {
    return []
  }
}

test('a name that a living worker has is refused; of one that was killed it is free at once', async () => {
  const first = await start('a')
  const take = () => WorkerLease.take({ db, name: 'a', silenceMs, onLost: () => undefined })
  await expect(take()).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringMatching(`“a”: process ${first.process.pid} on`),
    wayOut: expect.stringMatching(/SKERRY_WORKER/),
  })
  await first.stop()
  const startedAt = performance.now()
  const second = await take()
  expect(performance.now() - startedAt).toBeLessThan(1_500)
  expect(second.isHeld).toBe(true)
  await second.release()
  expect(await db.worker.count()).toBe(0)
})

test('a worker whose name another process took knows it and ends', async () => {
  const first = await start('a')
  await db.worker.update({ where: { id: 'a' }, data: { token: 'of another process' } })
  await first.gone
  expect(first.process.exitCode).toBe(3)
  await db.worker.deleteMany()
})

test('after an outage of the database nobody takes work from a worker that returns a little later', async () => {
  const slow = await start('slow', 12_000)
  const id = await ask()
  await expect.poll(trail, { timeout: 10_000 }).toEqual(['slow power'])
  await start('quick')
  await delay(silenceMs + 1_000) // so that it would have heard the other
  await postgres.stop()
  slow.process.kill('SIGSTOP')
  await delay(silenceMs + 1_000)
  await startDatabase()
  await delay(silenceMs / 2)
  slow.process.kill('SIGCONT')
  await expect.poll(() => stateOf(id), { timeout: 40_000 }).toBe('succeeded')
  expect(new Set(trail())).toEqual(new Set(['slow power']))
  expect(await domstate()).toBe('running')
})

test('an outage in the middle of a step neither fails nor undoes the operation', async () => {
  await start('only', 3_000)
  const id = await ask()
  await expect.poll(trail, { timeout: 10_000 }).toEqual(['only power'])
  await postgres.stop()
  await delay(6_000)
  expect(await domstate()).toBe('shut off')
  await startDatabase()
  await expect.poll(() => stateOf(id), { timeout: 40_000 }).toBe('succeeded')
  expect(await domstate()).toBe('running')
})

test('a worker that was given up changes nothing when it comes back', async () => {
  const stalled = await start('stalled', 3_000)
  const id = await ask()
  await expect.poll(trail, { timeout: 10_000 }).toEqual(['stalled power'])
  stalled.process.kill('SIGSTOP')
  await start('next')
  await expect.poll(() => stateOf(id), { timeout: 40_000 }).toBe('succeeded')
  expect(trail()).toEqual(['stalled power', 'next power'])
  await daemon.virsh(uri, 'destroy', 'web')
  stalled.process.kill('SIGCONT')
  await delay(6_000)
  expect(await domstate()).toBe('shut off')
  expect(trail()).toEqual(['stalled power', 'next power'])
  expect(await stateOf(id)).toBe('succeeded')
})

test('what a version began that nobody runs any more ends, and says so', async () => {
  const before = await start('before', 3_000)
  const id = await ask()
  await expect.poll(trail, { timeout: 10_000 }).toEqual(['before power'])
  await before.stop()
  await db.$executeRaw`UPDATE dbos.workflow_status SET application_version = 'earlier' WHERE workflow_uuid = ${id}`
  await start('after')
  const waits = () => db.$queryRaw<{ status: string }[]>`
    SELECT status FROM dbos.workflow_status WHERE workflow_uuid = ${id}`
  await expect.poll(waits, { timeout: 20_000 }).toEqual([{ status: 'ENQUEUED' }])
  await delay(2_000)
  expect(await stateOf(id), 'a worker of that version may still come').toBe('running')
  const longAgo = Date.now() - 3_600_000
  await db.$executeRaw`UPDATE dbos.workflow_status SET updated_at = ${longAgo} WHERE workflow_uuid = ${id}`
  await db.operation.update({ where: { id }, data: { startedAt: new Date(longAgo) } })
  await expect.poll(() => stateOf(id), { timeout: 20_000 }).toBe('failed')
  expect(trail()).toEqual(['before power'])
  const { error } = await db.operation.findUniqueOrThrow({ where: { id } })
  expect(error).toMatchObject({ message: expect.stringMatching(/upgraded/) })
})
