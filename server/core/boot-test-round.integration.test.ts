import { randomUUID } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import type { Vm } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { inScope } from '#server/db.ts'
import { BootTestPlan } from '#server/schema/boot-test.ts'
import { ProtectionPolicyInput } from '#server/schema/protection.ts'
import { databaseForTests } from '#server/testing/database-for-tests.ts'
import { noFault } from '#server/testing/fault.ts'
import { createHost, createVm } from '#server/testing/vm.ts'
import { listBootTests, requestBootTest } from './boot-test.ts'
import { bootTestTurns } from './boot-test-round.ts'
import { countProtection, listProtection } from './protection.ts'
import { createPolicy, editPolicy } from './protection-policy.ts'
import { readUse } from './quota.ts'
import { createTenant } from './tenant.ts'

const own = databaseForTests({ scope: 'fleet' })
const inTx = <T>(work: (tx: Tx) => Promise<T>) => own.db.$transaction(work)
const minuteMs = 60_000
const weekly = { every: 'week', minute: 30, hour: 5, weekday: 7 }

let tenantId = ''
let datastoreId = ''
let host: Awaited<ReturnType<typeof createHost>>
let vms: Vm[] = []
let policyId = ''

async function pooledHost(siteId?: string) {
  const made = await createHost(own.db)
  if (siteId) await own.db.host.update({ where: { id: made.id }, data: { siteId } })
  const pool = { name: 'default', kind: 'dir', path: '/pool', active: true, availableBytes: 2n ** 40n }
  await own.db.storagePool.create({ data: { hostId: made.id, ...pool } })
  return made
}

const pointOf = (vm: Vm, takenAt: Date, more: object = {}) =>
  own.db.recoveryPoint.create({
    data: {
      ...{ id: randomUUID(), tenantId, vmId: vm.id, vmUuid: vm.uuid, vmName: vm.name, datastoreId, takenAt },
      ...{ consistency: 'crash', reading: 'full', disks: [{ target: 'vda', sizeBytes: 2 ** 30 }] },
      ...{ sizeBytes: 1n, readBytes: 1n, storedBytes: 1n, tookMs: 1, definition: new Uint8Array(1) },
      shape: {
        ...{ vcpuCount: 2, memoryBytes: 2 ** 30, architecture: 'x86_64', machineType: null, cpuMode: null },
        ...{ accelerator: 'emulation', cards: [] },
      },
      ...more,
    },
  })

const input = (bootTest: unknown) =>
  ProtectionPolicyInput.parse({
    ...{ name: 'Nightly', allVms: true, schedules: [{ every: 'day', minute: 0, hour: 3 }], timeZone: 'Europe/Oslo' },
    ...{ retention: { last: 2 }, datastoreId, lateAfterMinutes: 30, bootTest },
  })

/** A fleet of one host, a tenant with two VMs that have recovery points, and a policy that tests them. */
beforeEach(async () => {
  await own.db.operation.deleteMany()
  await own.db.bootTest.deleteMany()
  await own.db.protectionPolicy.deleteMany()
  await own.db.recoveryPoint.deleteMany()
  await own.db.vm.deleteMany()
  await own.db.host.deleteMany()
  tenantId = (await inTx((tx) => createTenant(tx, { name: `Tenant ${randomUUID().slice(0, 8)}` }))).id
  host = await pooledHost()
  const data = { name: randomUUID(), kind: 'folder', location: { path: '/x' } }
  datastoreId = (await own.db.datastore.create({ data })).id
  vms = []
  for (const name of ['one', 'two']) vms.push(await createVm(own.db, host, tenantId, { name }))
  for (const vm of vms) for (const day of [1, 2]) await pointOf(vm, new Date(Date.UTC(2026, 0, day)))
  const by = { name: 'Ada', operator: true }
  policyId = (await inTx((tx) => createPolicy(tx, tenantId, input(weekly), by))).id
})

async function round(now: Date): Promise<void> {
  for (const turn of bootTestTurns) while (await inTx((tx) => turn(tx, now, noFault)));
}
const policy = () => own.db.protectionPolicy.findUniqueOrThrow({ where: { id: policyId } })
const asked = () => own.db.operation.findMany({ where: { kind: 'boot-test-vm' }, orderBy: { id: 'asc' } })
const end = (id: string) =>
  own.db.operation.update({ where: { id }, data: { state: 'succeeded', finishedAt: new Date() } })
async function dueNow(): Promise<Date> {
  const { bootTestNextAt } = await policy()
  expect(bootTestNextAt).not.toBeNull()
  return bootTestNextAt ?? new Date()
}

test('tests are due by the policy’s clock, once a time, and not while it is paused', async () => {
  const at = await dueNow()
  const clock = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone: 'Europe/Oslo', weekday: 'long', hour: '2-digit', minute: '2-digit' },
  })
  expect(clock.format(at)).toMatch(/Sunday.*05:30/)
  await round(new Date(at.getTime() - 1))
  expect(await asked()).toEqual([])
  await own.db.protectionPolicy.update({ where: { id: policyId }, data: { enabled: false } })
  await round(at)
  expect(await asked()).toEqual([])
  await own.db.protectionPolicy.update({ where: { id: policyId }, data: { enabled: true } })
  await round(at)
  expect(await asked()).toHaveLength(1)
  expect((await policy()).bootTestNextAt?.getTime()).toBe(at.getTime() + 7 * 86_400_000)
})

test('one a host at a time: the next VM is tested when the one before is done, of its newest point', async () => {
  const at = await dueNow()
  await round(at)
  const [first] = await asked()
  await round(new Date(at.getTime() + minuteMs))
  expect(await asked()).toHaveLength(1)
  await end(first?.id ?? '')
  await round(new Date(at.getTime() + 2 * minuteMs))
  await round(new Date(at.getTime() + 3 * minuteMs))
  const all = await asked()
  expect(new Set(all.map(({ targetId }) => targetId))).toEqual(new Set(vms.map(({ id }) => id)))
  for (const { input, actorKind, actorName, hostId } of all) {
    const point = await own.db.recoveryPoint.findUniqueOrThrow({
      where: { id: BootTestPlan.parse(input).recoveryPointId },
    })
    expect(point.takenAt).toEqual(new Date(Date.UTC(2026, 0, 2)))
    expect({ actorKind, actorName, hostId }).toEqual({
      ...{ actorKind: 'system', actorName: 'Protection policy Nightly', hostId: host.id },
    })
  }
  const entries = await own.db.auditEntry.findMany({ where: { tenantId, action: 'vm.boot-test' } })
  expect(entries.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded'])
})

test('a second host of the site takes the second test at once, one elsewhere none; what is reserved counts there, and against no quota', async () => {
  await pooledHost()
  const other = await pooledHost(host.siteId)
  const before = await inTx((tx) => readUse(tx, tenantId))
  await round(await dueNow())
  const all = await asked()
  expect(new Set(all.map(({ hostId }) => hostId))).toEqual(new Set([host.id, other.id]))
  for (const each of all)
    expect(each).toMatchObject({ reservedVcpus: 2, reservedMemoryBytes: 2n ** 30n, exclusive: false })
  expect(await inTx((tx) => readUse(tx, tenantId))).toEqual(before)
})

test('without room it is tried again a few times, then the VM is one that could not be tested', async () => {
  await own.db.host.updateMany({ data: { memoryFreeBytes: 2n ** 20n } })
  const at = await dueNow()
  for (const minutes of [0, 10, 40]) await round(new Date(at.getTime() + minutes * minuteMs))
  expect(await own.db.bootTest.count()).toBe(0)
  await round(new Date(at.getTime() + 160 * minuteMs))
  const rows = await own.db.bootTest.findMany()
  expect(rows).toHaveLength(2)
  for (const row of rows) {
    expect(row).toMatchObject({ outcome: 'failed', askedBy: 'Protection policy Nightly', machineGone: true })
    expect(row.reason).toContain('Not enough memory')
  }
  expect(await own.db.protection.count({ where: { bootTestDueAt: { not: null } } })).toBe(0)
})

test('where its own site has no room it is tested at another', async () => {
  const other = await pooledHost()
  await own.db.host.update({ where: { id: host.id }, data: { draining: true } })
  await round(await dueNow())
  expect((await asked()).map(({ hostId }) => hostId)).toEqual([other.id])
})

test('a VM without a recovery point waits for no test, and holds up no other', async () => {
  await own.db.recoveryPoint.deleteMany({ where: { vmName: 'one' } })
  await round(await dueNow())
  expect((await asked()).map(({ targetName }) => targetName)).toEqual(['two'])
})

test('switching tests off, or their time, forgets what was due', async () => {
  const at = await dueNow()
  await round(at)
  await inTx(async (tx) =>
    editPolicy(tx, await tx.protectionPolicy.findUniqueOrThrow({ where: { id: policyId } }), input(null)),
  )
  expect(await policy()).toMatchObject({ bootTest: null, bootTestNextAt: null })
  await end((await asked())[0]?.id ?? '')
  await round(new Date(at.getTime() + 10 * minuteMs))
  expect(await asked()).toHaveLength(1)
})

test('people have few of a tenant going at once, and one of a recovery point', async () => {
  const actor = { kind: 'user' as const, id: 'ada', name: 'Ada' }
  const points = await own.db.recoveryPoint.findMany({ orderBy: { id: 'asc' } })
  const ask = (index: number) =>
    inTx((tx) => {
      const point = points[index]
      if (!point) throw new Error('no such point')
      const check = { proof: 'any' as const, serialText: 'login:', limitSeconds: 60 }
      return requestBootTest({ tx, actor, requestId: null }, point, { ...check, recoveryPointId: point.id }, null)
    })
  await ask(0)
  await expect(ask(0)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('tested already') })
  await ask(1)
  await expect(ask(2)).rejects.toMatchObject({ code: 'conflict', message: '2 boot tests wait or run already.' })
})

test('the list says of each VM what its last test came to, and the counts how many; another tenant sees none of it', async () => {
  const [one] = vms
  const row = (outcome: string, askedAt: Date, more: object = {}) => ({
    ...{ id: randomUUID(), tenantId, vmId: one?.id ?? '', vmUuid: one?.uuid ?? '', vmName: 'one', askedBy: 'Ada' },
    ...{ recoveryPointId: randomUUID(), takenAt: askedAt, askedAt, endedAt: askedAt, outcome, machineGone: true },
    ...more,
  })
  const [before, after] = [new Date(Date.UTC(2026, 0, 3)), new Date(Date.UTC(2026, 0, 4))]
  await own.db.bootTest.create({ data: row('proven', before, { restoreMs: 30_000, bootMs: 11_000, proof: 'agent' }) })
  const list = async (boot?: 'failed' | 'proven' | 'untested') =>
    (await inTx((tx) => listProtection(tx, { limit: 10, ...(boot ? { boot } : {}) }, after))).rows
  const counts = async () => (await inTx((tx) => countProtection(tx, after))).byBoot
  expect(await list('proven')).toMatchObject([{ name: 'one', provenAt: before, provenMs: 41_000, bootReason: null }])
  expect(await counts()).toEqual({ proven: 1, failed: 0, untested: 1 })
  await own.db.bootTest.create({ data: row('failed', after, { reason: 'It crashed.' }) })
  expect(await list('failed')).toMatchObject([{ name: 'one', provenAt: before, bootReason: 'It crashed.' }])
  expect(await counts()).toEqual({ proven: 0, failed: 1, untested: 1 })
  expect(await list('untested')).toMatchObject([{ name: 'two', provenAt: null }])

  const stranger = await inTx((tx) => createTenant(tx, { name: 'Elsewhere' }))
  const seen = await inScope(own.db, { tenantIds: [stranger.id] }, (tx) =>
    listBootTests(tx, { vmUuid: one?.uuid ?? '' }),
  )
  expect(seen).toEqual([])
  expect(await inTx((tx) => listBootTests(tx, { vmUuid: one?.uuid ?? '' }))).toHaveLength(2)
})
