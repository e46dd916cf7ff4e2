import { expect, test } from 'vitest'
import type { WalkCase } from '#server/testing/walk-case.ts'
import { refusal, worldForTests } from '#server/testing/world-for-tests.ts'
import { walkCases } from './walk.cases.ts'

const { as, db, operationRow, own } = worldForTests()

interface Entry {
  action: string
  outcome: string
  resource_name: string | null
}
/** What the table itself has of the last requests, oldest first. */
async function lastEntries(count: number): Promise<Entry[]> {
  const newest = await db().$queryRaw<Entry[]>`
    SELECT action, outcome::text, resource_name FROM audit_entry ORDER BY id DESC LIMIT ${count}`
  return newest.toReversed()
}
const entryCount = () => db().auditEntry.count()

test('looking at where a VM could go records no migration: its memory was measured; one that is asked for is one entry', async () => {
  const operator = await as('operator')
  const { vm, secondHost } = own.world
  const before = await entryCount()
  await operator.vm.migratePreview({ id: vm.id })
  expect(await entryCount()).toBe(before)
  await operator.vm.measure({ id: vm.id })
  const asked = operator.vm.migrate({ id: vm.id, destinationHostId: secondHost.id })
  await expect(asked).rejects.toMatchObject(refusal('conflict'))
  expect(await entryCount()).toBe(before + 2)
  expect(await lastEntries(2)).toEqual([
    { action: 'vm.measure', outcome: 'succeeded', resource_name: vm.name },
    { action: 'vm.migrate', outcome: 'failed', resource_name: vm.name },
  ])
})

test('who may not migrate may not measure, and that is what they were denied', async () => {
  const { vm } = own.world
  await expect((await as('owner')).vm.measure({ id: vm.id })).rejects.toMatchObject(refusal('forbidden', /operator/))
  expect(await lastEntries(1)).toEqual([{ action: 'vm.measure', outcome: 'denied', resource_name: vm.name }])
})

test.each([
  ['vm.keep', 'vm.keep'],
  ['backup.measureRestore', 'vm.measure-restore'],
  ['bootTest.start', 'vm.boot-test'],
  ['recoveryPoint.clone', 'vm.clone-recovery-point'],
  ['archive.bringBack', 'vm.bring-back'],
  ['snapshot.take', 'vm.snapshot'],
  ['snapshot.revert', 'vm.revert-snapshot'],
  ['snapshot.delete', 'vm.delete-snapshot'],
  ['snapshot.createSchedule', 'vm.create-schedule'],
  ['snapshot.editSchedule', 'vm.edit-schedule'],
  ['snapshot.deleteSchedule', 'vm.delete-schedule'],
  ['host.drain', 'host.drain'],
  ['host.undrain', 'host.undrain'],
  ['member.withdrawInvitation', 'member.withdraw-invitation'],
])('%s is recorded as %s', async (path, action) => {
  const { input } = walkCases[path] as WalkCase
  const [router, procedure] = path.split('.') as [string, string]
  const caller = (await as('operator')) as unknown as Record<
    string,
    Record<string, (input: unknown) => Promise<unknown>>
  >
  const before = await entryCount()
  // What of this world can't be done is recorded by the same name.
  await caller[router]?.[procedure]?.(input?.(own.world)).catch(() => undefined)
  expect(await entryCount()).toBe(before + 1)
  expect(await lastEntries(1)).toMatchObject([{ action }])
})

test('an operation that is asked for again or cleaned up after was not cancelled', async () => {
  const { id } = await operationRow()
  const owner = await as('owner')
  await owner.operation.retry({ id })
  await expect(owner.operation.cleanUp({ id })).rejects.toMatchObject(refusal('conflict'))
  expect((await lastEntries(2)).map(({ action, outcome }) => [action, outcome])).toEqual([
    ['operation.retry', 'succeeded'],
    ['operation.clean-up', 'failed'],
  ])
})
