import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Db, openDb } from '#server/db.ts'
import { type TestDatabase, testDatabase } from '#server/testing/postgres.ts'
import { createHost, createVm } from '#server/testing/vm.ts'
import { healthResponse } from './health.ts'

let database: TestDatabase
let db: Db
let fleet: Db
beforeEach(async () => {
  database = await testDatabase()
  db = openDb(database.url)
  fleet = openDb(database.url, { scope: 'fleet' })
})
afterEach(async () => {
  await Promise.all([db.$disconnect(), fleet.$disconnect()])
  await database.close()
})

const ask = async () => {
  const response = await healthResponse(db)
  return { status: response.status, body: await response.json() }
}
const beat = (secondsAgo: number) => {
  const heartbeatAt = new Date(Date.now() - secondsAgo * 1_000)
  const data = { hostname: 'here', pid: 1, version: 'test', heartbeatAt }
  return fleet.worker.upsert({ where: { id: 'w' }, create: { id: 'w', ...data }, update: data })
}

test('counts the fleet while a worker is alive', async () => {
  const host = await createHost(fleet)
  await createVm(fleet, host, null)
  await createVm(fleet, host, null, { state: 'off' })
  await beat(2)
  const counts = { sites: 1, hosts: 1, hostsConnected: 1, vms: 2, running: 1 }
  expect(await ask()).toEqual({ status: 200, body: { status: 'ok', ...counts } })
})

test('names the worker when none was ever there or it has been silent too long', async () => {
  expect(await ask()).toMatchObject({ status: 503, body: { failing: 'worker' } })
  await beat(20)
  expect(await ask()).toMatchObject({ status: 503, body: { status: 'unavailable', failing: 'worker' } })
})

test('names Postgres when it is gone', async () => {
  await beat(1)
  await database.close()
  expect(await ask()).toMatchObject({ status: 503, body: { failing: 'postgres' } })
})
