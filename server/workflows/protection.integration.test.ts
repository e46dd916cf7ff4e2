import { readdir, rename } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listProtection } from '#server/core/protection.ts'
import { createPolicy, editPolicy, timesOf } from '#server/core/protection-policy.ts'
import { policyTurns } from '#server/core/protection-round.ts'
import { nextOfAll } from '#server/core/schedule.ts'
import { ProtectionPolicyInput } from '#server/schema/protection.ts'
import { testDatastore } from '#server/testing/datastore.ts'
import { noFault } from '#server/testing/fault.ts'
import type { FleetGuest } from '#server/testing/fleet.ts'
import { fleetForTests } from '#server/testing/fleet-for-tests.ts'
import { reachOverTls } from '#server/testing/fleet-tls.ts'

const minuteMs = 60_000

const { fleet, a } = fleetForTests('policies', ['a'])
let guests: FleetGuest[] = []
let datastore: Awaited<ReturnType<typeof testDatastore>>
let input: ProtectionPolicyInput
let policyId = ''
beforeAll(async () => {
  await reachOverTls(fleet, a)
  guests = []
  for (const name of ['one', 'two', 'other']) guests.push(await fleet.guest('a', { name, off: true }))
  const [one, two] = guests
  await fleet.db.vm.update({ where: { id: one?.id ?? '' }, data: { tags: ['prod'] } })
  await fleet.db.vm.update({ where: { id: two?.id ?? '' }, data: { tags: ['web', 'gold'] } })
  datastore = await testDatastore(fleet, 'Vault')
  input = ProtectionPolicyInput.parse({
    ...{ name: 'Hourly', tags: ['prod', 'gold'], schedules: [{ every: 'hour', minute: 0 }], timeZone: 'Europe/Oslo' },
    ...{ retention: { last: 2 }, datastoreId: datastore.id, lateAfterMinutes: 30 },
  })
})
afterAll(() => datastore?.remove())

/** What the scheduler does in one round, as of a moment. */
async function round(now = new Date()): Promise<void> {
  for (const turn of policyTurns) while (await fleet.db.$transaction((tx) => turn(tx, now, noFault)));
}
const dueAt = (nextAt: Date) => fleet.db.protectionPolicy.update({ where: { id: policyId }, data: { nextAt } })
/** What happens when it is due now, and never again by the clock of this machine. @returns when it would be next */
async function due(): Promise<Date> {
  await dueAt(new Date(Date.now() - 1))
  await round()
  const { nextAt } = await fleet.db.protectionPolicy.findUniqueOrThrow({ where: { id: policyId } })
  await dueAt(new Date('2099-01-01'))
  return nextAt
}
const states = async (now = new Date()) => {
  const { rows } = await fleet.db.$transaction((tx) => listProtection(tx, { limit: 50 }, now))
  return Object.fromEntries(rows.map(({ name, state }) => [name, state]))
}
const protections = () => fleet.db.protection.findMany({ where: { policyId }, include: { vm: true } })
/** Ends of what goes on for the policy, by VM. */
async function ends() {
  const found = await Promise.all(
    (await protections()).map(async ({ vm, operationId }) => ({
      vm: vm.name,
      end: operationId ? await fleet.ended(operationId, 90_000) : null,
    })),
  )
  return found.sort((x, y) => (x.vm < y.vm ? -1 : 1))
}
const removals = async () => {
  const asked = await fleet.db.operation.findMany({ where: { kind: 'remove-recovery-points' }, orderBy: { id: 'asc' } })
  return Promise.all(asked.map(({ id }) => fleet.ended(id)))
}
const points = (name: string) =>
  fleet.db.recoveryPoint.findMany({ where: { vmName: name }, orderBy: { takenAt: 'asc' }, omit: { definition: true } })

test('a policy takes the VMs that have any of its tags, and says that they wait for their first backup', async () => {
  const { id } = await fleet.db.$transaction((tx) => createPolicy(tx, null, input, { name: 'Tester', operator: true }))
  policyId = id
  expect((await protections()).map(({ vm }) => vm.name).sort()).toEqual(['one', 'two'])
  expect(await states()).toEqual({ one: 'waiting', two: 'waiting', other: 'unprotected' })
  await round()
  expect(await fleet.db.operation.count(), 'nothing is due').toBe(0)
})

test('when it is due each is backed up once, with an audit entry; what was missed is made up for once', async () => {
  const nextAt = await due()
  await round()
  const done = await ends()
  expect(done.map(({ vm, end }) => [vm, end?.state, end?.actorName])).toEqual([
    ['one', 'succeeded', 'Protection policy Hourly'],
    ['two', 'succeeded', 'Protection policy Hourly'],
  ])
  await round()
  expect(await states()).toEqual({ one: 'protected', two: 'protected', other: 'unprotected' })
  expect(nextAt.getTime()).toBeGreaterThan(Date.now())
  expect(nextAt.getUTCMinutes()).toBe(0)
  expect(await fleet.db.operation.count({ where: { kind: 'back-up-vm' } })).toBe(2)
  const audited = await fleet.db.auditEntry.findMany({ where: { action: 'vm.backup' } })
  expect(audited.map((entry) => [entry.actorKind, entry.outcome, entry.resourceName]).sort()).toEqual([
    ['system', 'succeeded', 'one'],
    ['system', 'succeeded', 'two'],
  ])
  for (const name of ['one', 'two']) {
    expect((await a.lab.virsh('checkpoint-list', name, '--name')).trim()).toBe(`skerry-${(await points(name))[0]?.id}`)
    expect((await a.lab.virsh('domstate', name)).trim()).toBe('shut off')
  }
})

test('it keeps as many of its own as it shall; one made by hand stays beside them', async () => {
  const [one] = guests
  const target = { kind: 'vm' as const, id: one?.id ?? '', name: 'one' }
  const byHand = await fleet.ended(
    await fleet.ask({
      kind: 'back-up-vm',
      target,
      tenantId: null,
      hostId: a.id,
      input: { datastoreId: datastore.id, full: false },
    }),
  )
  expect(byHand.error).toBeNull()
  const [first] = await points('one')
  for (const _ of ['second', 'third']) {
    await due()
    for (const { end } of await ends()) expect(end?.error).toBeNull()
    await round()
  }
  const removed = await removals()
  expect(removed.map(({ state, targetName, actorKind }) => [state, targetName, actorKind]).sort()).toEqual([
    ['succeeded', 'one', 'system'],
    ['succeeded', 'two', 'system'],
  ])
  expect((await points('one')).map(({ origin }) => origin)).toEqual(['person', 'policy', 'policy'])
  expect((await points('two')).map(({ origin, policyId }) => [origin, policyId])).toEqual([
    ['policy', policyId],
    ['policy', policyId],
  ])
  const files = await readdir(datastore.path, { recursive: true })
  const hidden = files.filter((file) => file.includes('/removed/')).map((file) => file.slice(-32))
  expect(hidden).toHaveLength(2)
  expect(hidden).toContain(first?.id.replaceAll('-', ''))
  expect((await points('one')).at(-1)).toMatchObject({ reading: 'incremental' })
})

test('late is told by the clock: a time has passed, and the grace with it, without a backup', async () => {
  const after = (minutes: number) => new Date(Date.now() + minutes * minuteMs)
  const newest = await Promise.all(['one', 'two'].map(async (name) => (await points(name)).at(-1)?.takenAt.getTime()))
  const nextMs = nextOfAll(timesOf(input), new Date(Math.min(...newest.map(Number)))).getTime()
  expect(await states(new Date(nextMs + 29 * minuteMs))).toMatchObject({ one: 'protected', two: 'protected' })
  expect(await states(new Date(nextMs + 31 * minuteMs))).toEqual({ one: 'late', two: 'late', other: 'unprotected' })
  await fleet.db.vm.update({ where: { id: guests[2]?.id ?? '' }, data: { tags: ['prod'] } })
  await fleet.db.protectionPolicy.update({ where: { id: policyId }, data: { enabled: false, nextAt: new Date(0) } })
  await round()
  expect(await states(after(200)), 'one that is paused protects nobody').toEqual({
    ...{ one: 'unprotected', two: 'unprotected', other: 'unprotected' },
  })
  await fleet.db.vm.update({ where: { id: guests[2]?.id ?? '' }, data: { tags: [] } })
  await fleet.db.protectionPolicy.update({ where: { id: policyId }, data: { enabled: true } })
  const policy = await fleet.db.protectionPolicy.findUniqueOrThrow({ where: { id: policyId } })
  const edited = { ...input, schedules: [{ ...input.schedules[0], every: 'hour' as const, minute: 30 }] }
  await fleet.db.$transaction((tx) => editPolicy(tx, policy, ProtectionPolicyInput.parse(edited)))
  expect(await states(), 'new times count from now on').toEqual({
    one: 'protected',
    two: 'protected',
    other: 'unprotected',
  })
})

test('failing is told with the reason, and tried again after a while, so many times; a good one ends it', async () => {
  await rename(datastore.path, `${datastore.path}-away`)
  await due()
  for (const { end } of await ends()) expect(end?.state).toBe('failed')
  const failedAt = Date.now()
  await round(new Date(failedAt))
  expect(await states()).toEqual({ one: 'failing', two: 'failing', other: 'unprotected' })
  for (const protection of await protections()) {
    expect(protection).toMatchObject({
      attempt: 1,
      operationId: null,
      failure: expect.stringMatching(/datastore|folder/),
    })
    expect(protection.dueAt?.getTime()).toBe(failedAt + 5 * minuteMs)
  }
  await round(new Date(failedAt + 4 * minuteMs))
  expect(
    (await ends()).map(({ end }) => end),
    'not yet',
  ).toEqual([null, null])

  // One is refused to the end of its tries, one goes well as the datastore is back.
  await fleet.db.vm.update({ where: { id: guests[0]?.id ?? '' }, data: { state: 'crashed' } })
  await rename(`${datastore.path}-away`, datastore.path)
  let nowMs = failedAt
  for (const minutes of [6, 16, 61, 600]) {
    nowMs += minutes * minuteMs
    await round(new Date(nowMs))
    await ends()
    await round(new Date(nowMs))
  }
  expect((await ends()).map(({ end }) => end)).toEqual([null, null])
  const [one, two] = (await protections()).sort((x, y) => (x.vm.name < y.vm.name ? -1 : 1))
  expect(one).toMatchObject({ attempt: 3, dueAt: null, failure: expect.stringMatching(/has crashed/) })
  expect(two).toMatchObject({ attempt: 0, failedAt: null, failure: null })
  expect(await states()).toEqual({ one: 'failing', two: 'protected', other: 'unprotected' })
  const denied = await fleet.db.auditEntry.findMany({ where: { action: 'vm.backup', outcome: 'denied' } })
  expect(denied.map(({ resourceName }) => resourceName)).toEqual(['one', 'one', 'one'])
})

test('once a day also the recovery points of VMs that left the policy are looked through', async () => {
  await fleet.db.vm.update({ where: { id: guests[1]?.id ?? '' }, data: { tags: [] } })
  const policy = await fleet.db.protectionPolicy.findUniqueOrThrow({ where: { id: policyId } })
  await fleet.db.$transaction((tx) => editPolicy(tx, policy, { ...input, retention: { ...input.retention, last: 1 } }))
  expect((await protections()).map(({ vm }) => vm.name)).toEqual(['one'])
  for (const { error } of await removals()) expect(error).toBeNull()
  await round()
  expect((await points('two')).length).toBe(2)
  await round(new Date(Date.now() + 25 * 60 * minuteMs))
  for (const { error } of await removals()) expect(error).toBeNull()
  expect((await points('two')).length).toBe(1)
  await fleet.db.protectionPolicy.delete({ where: { id: policyId } })
  expect(await points('two'), 'what is there stays without it').toMatchObject([{ origin: 'policy', policyId: null }])
})
