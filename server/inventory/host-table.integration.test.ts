import { expect, test } from 'vitest'
import { readCapacities } from '#server/core/site.ts'
import { databaseForTests } from '#server/testing/database-for-tests.ts'
import { createHost } from '#server/testing/vm.ts'
import { writeConnected, writeLoad, writeUnreachable } from './host-table.ts'

const own = databaseForTests()

test('since when a CPU is full is known of it for as long as it is full, and of a site whose host it is', async () => {
  const { db } = own
  const { id, siteId } = await createHost(db)
  const seen = async (cpuUsage: number) => {
    await writeLoad(db, id, { cpuUsage, memoryFreeBytes: 0 })
    const capacity = (await readCapacities(db)).find((site) => site.siteId === siteId)
    const { cpuFullSince } = await db.host.findUniqueOrThrow({ where: { id } })
    expect(capacity?.cpuFullSince ?? null).toEqual(cpuFullSince)
    return cpuFullSince
  }
  await writeConnected(db, id)
  expect(await seen(0.93)).toBeNull()
  const since = await seen(0.96)
  expect(Math.abs(Date.now() - (since?.getTime() ?? 0))).toBeLessThan(60_000)
  expect(await seen(1)).toEqual(since)
  expect(await seen(0.5)).toBeNull()
  expect(await seen(1)).not.toBeNull()
  await writeUnreachable(db, id, 'the host is gone')
  expect((await db.host.findUniqueOrThrow({ where: { id } })).cpuFullSince).toBeNull()
})
