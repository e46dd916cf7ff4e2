import { randomUUID } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import { log } from '#server/log.ts'
import { backupsPerHost } from '#server/schema/backup.ts'
import { databaseForTests } from '#server/testing/database-for-tests.ts'
import { type Concurrency, Dispatcher, defaultConcurrency } from './dispatcher.ts'

const own = databaseForTests()
let dispatcher: Dispatcher | undefined
const started: string[] = []
let sweeps = 0
let notice = () => {}

afterEach(async () => {
  await dispatcher?.stop()
  await own.db.operation.deleteMany()
  started.length = 0
  sweeps = 0
})

function dispatch(sweepMs: number, concurrency: Concurrency | undefined = { 'migrate-vm': 2 }) {
  dispatcher = new Dispatcher({
    db: own.db,
    log,
    sweepMs,
    concurrency,
    running: new Map(),
    changes: {
      onChange: (listener) => {
        notice = () => listener({ noun: 'operation' })
        return () => undefined
      },
      onReset: () => () => undefined,
    },
    knows: (kind) => kind !== 'fly-vm',
    start: async (kind, id) => {
      if (kind === 'edit-vm') throw new Error('made to fail')
      started.push(id)
    },
    sweep: async () => {
      sweeps += 1
    },
  })
  dispatcher.start()
}

const operation = (kind: string, hostId: string) => ({
  ...{ kind, hostId, targetKind: 'vm', targetId: randomUUID(), targetName: 'web' },
  ...{ actorKind: 'user' as const, actorName: 'Tester', input: {} },
})

test('a host with more moves waiting than a turn looks at keeps no other host waiting', async () => {
  const [busy, idle] = [randomUUID(), randomUUID()]
  await own.db.operation.createMany({ data: Array.from({ length: 250 }, () => operation('migrate-vm', busy)) })
  const { id } = await own.db.operation.create({ data: operation('power-vm', idle) })
  dispatch(100)
  await expect.poll(() => started, { timeout: 20_000 }).toContain(id)
  expect(started).toHaveLength(3)
})

test('of each host as many VMs are backed up at once as a policy’s page says', async () => {
  const hosts = [randomUUID(), randomUUID()]
  for (const host of hosts) {
    await own.db.operation.createMany({ data: Array.from({ length: 10 }, () => operation('back-up-vm', host)) })
  }
  dispatch(100, defaultConcurrency)
  await expect.poll(() => started.length, { timeout: 20_000 }).toBe(2 * backupsPerHost)
  await new Promise((resolve) => setTimeout(resolve, 500))
  const running = await own.db.operation.groupBy({ by: 'hostId', where: { state: 'running' }, _count: true })
  expect(running.map(({ _count }) => _count)).toEqual([backupsPerHost, backupsPerHost])
})

test('many notices don’t keep the sweep from its turn', async () => {
  dispatch(50)
  const noise = setInterval(() => notice(), 1)
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  clearInterval(noise)
  expect(sweeps).toBeGreaterThan(3)
})

test('one of a kind that this version can’t do ends at once, one that can’t be started waits; neither keeps others', async () => {
  const host = randomUUID()
  const unknown = await own.db.operation.create({ data: operation('fly-vm', host) })
  const broken = await own.db.operation.create({ data: operation('edit-vm', host) })
  const { id } = await own.db.operation.create({ data: operation('power-vm', host) })
  dispatch(60_000)
  await expect.poll(() => started, { timeout: 20_000 }).toEqual([id])
  const stateOf = async (of: string) => (await own.db.operation.findUniqueOrThrow({ where: { id: of } })).state
  await expect.poll(() => stateOf(unknown.id), { timeout: 20_000 }).toBe('failed')
  expect([await stateOf(broken.id), await stateOf(id)]).toEqual(['queued', 'running'])
})
