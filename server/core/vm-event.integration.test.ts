import { expect, test } from 'vitest'
import { databaseForTests } from '#server/testing/database-for-tests.ts'
import { createHost, createVm } from '#server/testing/vm.ts'
import { listVmEvents } from './vm.ts'

const own = databaseForTests({ scope: 'fleet' })

test('a VM’s history is read to its end page by page, also where much happened in one moment', async () => {
  const host = await createHost(own.db)
  const { id } = await createVm(own.db, host, null)
  const moments = [0, 1, 1, 1, 1, 2, 3].map((second) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)))
  await own.db.vmEvent.createMany({ data: moments.map((at) => ({ vmId: id, at, kind: 'started' })) })
  const read: { id: string; at: Date }[] = []
  let cursor: Awaited<ReturnType<typeof listVmEvents>>['next'] = null
  do {
    const page = await listVmEvents(own.db, { id, limit: 2, cursor })
    read.push(...page.items)
    cursor = page.next
  } while (cursor)
  expect(read.map(({ at }) => at)).toEqual(moments.toReversed())
  expect(new Set(read.map((event) => event.id)).size).toBe(moments.length)
})
