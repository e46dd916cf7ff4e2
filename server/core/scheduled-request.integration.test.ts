import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { inScope } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import { databaseForTests } from '#server/testing/database-for-tests.ts'
import type { NewOperation } from './operation.ts'
import { askByItself } from './scheduled-request.ts'
import { createTenant } from './tenant.ts'

const own = databaseForTests({ scope: 'fleet', poolSize: 5 })

const asker = { id: 'test-schedule 1', name: 'Schedule', action: 'vm.snapshot', detail: { snapshot: 'daily' } }
const target = { id: randomUUID(), name: 'box', tenantId: null }
const wanted = (): NewOperation => ({
  ...{ kind: 'take-snapshot', target: { kind: 'vm', id: target.id, name: target.name }, tenantId: null, input: {} },
})

test('what can not be asked for leaves nothing but its audit entry, and the transaction goes on', async () => {
  const faults: unknown[] = []
  const fault = (error: unknown) => faults.push(error)
  const answers = await inScope(own.db, 'fleet', async (tx) => [
    await askByItself({ tx, fault }, asker, target, async () => {
      await createTenant(tx, { name: 'Half' })
      await tx.$queryRaw`SELECT 1 / 0`
      return wanted()
    }),
    await askByItself({ tx, fault }, asker, target, () => {
      throw conflict('box is busy.')
    }),
    await askByItself({ tx, fault }, asker, target, wanted),
  ])
  expect(faults).toEqual([expect.objectContaining({ message: expect.stringContaining('division by zero') })])
  expect(answers).toEqual([
    { refusal: 'Something went wrong inside Skerry.', code: 'internal' },
    { refusal: 'box is busy.', code: 'conflict' },
    { operationId: expect.any(String) },
  ])
  const audited = await inScope(own.db, 'fleet', (tx) => tx.auditEntry.findMany({ orderBy: { id: 'asc' } }))
  expect(audited.map(({ outcome, resourceName, detail }) => [outcome, resourceName, detail])).toEqual([
    ['failed', 'box', { snapshot: 'daily', reason: 'Something went wrong inside Skerry.' }],
    ['denied', 'box', { snapshot: 'daily', reason: 'box is busy.' }],
    ['succeeded', 'box', { snapshot: 'daily' }],
  ])
  expect(await inScope(own.db, 'fleet', (tx) => tx.tenant.count())).toBe(0)
  expect(await inScope(own.db, 'fleet', (tx) => tx.operation.count())).toBe(1)
})
