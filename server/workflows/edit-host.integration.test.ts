import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGuest } from '#lab/guest/guest.ts'
import { CredentialBox } from '#server/core/credential.ts'
import { env } from '#server/env.ts'
import { libvirtDriver } from '#server/hypervisor/libvirt/driver.ts'
import { type Inventory, startInventory } from '#server/inventory/inventory.ts'
import { ChangeFeed } from '#server/live/change-feed.ts'
import { log } from '#server/log.ts'
import type { Credential, EditHostPlan } from '#server/schema/host-action.ts'
import { type TestEngine, testEngine } from '#server/testing/engine.ts'
import { type FleetHost, type TestFleet, testFleet } from '#server/testing/fleet.ts'
import { tlsOf } from '#server/testing/fleet-tls.ts'

let fleet: TestFleet
let engine: TestEngine
let changes: ChangeFeed
let inventory: Inventory
let a: FleetHost
const box = CredentialBox.fromText(env().SKERRY_KEY)

beforeAll(async () => {
  fleet = await testFleet('edit-host', ['a', 'b'])
  a = fleet.host('a')
  engine = await testEngine(fleet)
  changes = new ChangeFeed(fleet.databaseUrl)
  await changes.open()
  // The engine's own worker: beside another one it would have one of the two hosts alone.
  const options = { db: fleet.db, driver: libvirtDriver, workerId: 'test-worker', log, credentials: box, changes }
  inventory = await startInventory(options)
})
afterAll(async () => {
  await inventory?.stop()
  await changes?.close()
  await engine?.stop()
  await fleet?.close()
})

const row = () => fleet.db.host.findUniqueOrThrow({ where: { id: a.id } })
const sealed = (credential: Credential) => Buffer.from(box.seal(credential, a.id)).toString('base64')
async function edit(change: Partial<EditHostPlan>) {
  const { name, uri, migrationUri } = await row()
  return fleet.ended(
    await fleet.ask({
      kind: 'edit-host',
      target: { kind: 'host', id: a.id, name },
      tenantId: null,
      hostId: a.id,
      input: { name, uri, migrationUri, keepsAccess: true, sealed: null, ...change },
    }),
  )
}
/** To port 16514, in state 01. */
const tlsEstablished = /^ *\d+: \w+:4082 \w+:\w+ 01 /
/** Connections to the daemon's TLS port, as the host's kernel counts them. */
const tlsConnections = async () =>
  (await a.lab.run('cat', '/proc/net/tcp', '/proc/net/tcp6')).split('\n').filter((line) => tlsEstablished.test(line))
const peerOf = (line = '') => line.trim().split(/\s+/)[2]
async function eventually(look: () => Promise<boolean>, withinMs = 10_000) {
  const deadline = Date.now() + withinMs
  while (!(await look())) {
    if (Date.now() > deadline) throw new Error(`not so within ${withinMs} ms: ${look}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
const isSeen = async (name: string) => (await fleet.db.vm.count({ where: { name, hostId: a.id } })) === 1

test('a new address with a credential takes over, and so does a new credential alone', async () => {
  expect(await tlsConnections()).toEqual([])
  const tls = await tlsOf(a.lab.pki)
  const moved = await edit({ uri: a.lab.tlsUri, keepsAccess: false, sealed: sealed({ tls }) })
  expect(moved.error).toBeNull()
  expect(moved.result).toMatchObject({ hostname: 'a' })
  expect(moved.input).toMatchObject({ sealed: null })
  expect(box.open((await row()).credential ?? new Uint8Array(), a.id)).toEqual({ tls })
  // One for control at least; long work has others beside it.
  await eventually(async () => (await tlsConnections()).length > 0)
  const before = new Set((await tlsConnections()).map(peerOf))

  expect((await edit({ keepsAccess: false, sealed: sealed({ tls }) })).error).toBeNull()
  await eventually(async () => {
    const now = await tlsConnections()
    return now.length > 0 && !now.some((line) => before.has(peerOf(line)))
  })
  await createGuest(a.lab, { name: 'seen-after' })
  await eventually(() => isSeen('seen-after'))
  expect(await row()).toMatchObject({ state: 'connected' })
})

test('what does not answer, or refuses us, changes nothing and says at which stage', async () => {
  const before = await row()
  const stranger = { ...(await tlsOf(a.lab.pki)), authority: (await tlsOf(a.lab.pki)).certificate }
  const refused = await edit({ keepsAccess: false, sealed: sealed({ tls: stranger }) })
  expect(refused).toMatchObject({ state: 'failed', error: { step: 'connect' } })
  const nowhere = await edit({ uri: 'qemu:///system?socket=/nowhere/libvirt-sock' })
  expect(nowhere).toMatchObject({ state: 'failed', error: { step: 'connect' } })
  expect(await row()).toMatchObject({ uri: before.uri, credential: before.credential, state: 'connected' })
})

test('another machine is not taken for it', async () => {
  const socket = `qemu:///system?socket=${fleet.host('b').lab.socketPath}`
  await fleet.db.host.delete({ where: { id: fleet.host('b').id } })
  const other = await edit({ uri: socket })
  expect(other).toMatchObject({ state: 'failed', error: { code: 'conflict' } })
  expect(JSON.stringify(other.error)).toContain('Another machine answers there: b')
})

test('an operation at work on it is not cut off', async () => {
  const busy = await fleet.db.operation.create({
    data: {
      ...{ kind: 'migrate-vm', targetKind: 'vm', targetId: a.id, targetName: 'web', hostId: a.id, input: {} },
      ...{ actorKind: 'user', actorName: 'Tester', state: 'running' },
    },
  })
  expect(await edit({ name: 'renamed' })).toMatchObject({ state: 'failed', error: { code: 'conflict' } })
  await fleet.db.operation.update({ where: { id: busy.id }, data: { state: 'succeeded' } })
})

test('one that can’t be reached is renamed all the same', async () => {
  await a.lab.powerOff()
  expect((await edit({ name: 'renamed' })).error).toBeNull()
  expect(await row()).toMatchObject({ name: 'renamed' })
})
