import { setTimeout as sleep } from 'node:timers/promises'
import superjson from 'superjson'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { exportAudit } from '#server/api/audit-export.ts'
import { withErrors } from '#server/api/http-error.ts'
import { enqueue } from '#server/core/operation.ts'
import { explain } from '#server/hypervisor/libvirt/errors.ts'
import { errorCode, LibvirtError } from '#server/libvirt/error.ts'
import { isLive, type OperationKind } from '#server/schema/operation.ts'
import { callAs } from '#server/testing/call.ts'
import { type TestEngine, testEngine } from '#server/testing/engine.ts'
import { type TestServices, testServices } from '#server/testing/services.ts'
import { type Cast, createCast, createWorld, type World } from '#server/testing/world.ts'
import { defineWorkflow } from './define.ts'
import { powerVm } from './power-vm.ts'

/** What a tenant must never read: a path on the host, its address, how it is reached. */
const path = '/srv/secret-pool/disk.qcow2'
const address = '10.11.12.13'
const uri = `qemu:///system?socket=/run/secret-socket`
const secret = /secret|10\.11\.12\.13/

/** Fails with what libvirt said, in the step and again when it is undone. */
const breaking = defineWorkflow<Record<string, never>, object>({
  kind: 'edit-vm',
  input: z.object({}),
  steps: [
    {
      name: 'start',
      do: () => Promise.reject(refused()),
      undo: () => Promise.reject(refused()),
    },
  ],
})
const refused = () =>
  explain(
    new LibvirtError({
      ...{ code: errorCode.operationFailed, domain: 10, level: 2, procedure: 'domainCreate' },
      message: `Cannot access storage file '${path}', unable to connect to server at '${address}:16514'`,
    }),
    { label: 'oslo-1', step: 'start a VM', change: true },
  )

let services: TestServices
let engine: TestEngine
let cast: Cast
let world: World
beforeAll(async () => {
  services = await testServices()
  cast = await createCast(services)
  const fleet = { db: services.authDb, databaseUrl: services.databaseUrl }
  engine = await testEngine(fleet, { workflows: [breaking, powerVm], hostWaitMs: 1_000 })
})
beforeEach(async () => {
  world = await createWorld(services, cast)
})
afterAll(async () => {
  await engine?.stop()
  await services?.close()
})

/** All that is streamed to this scope until `end`. */
function listen(scope: 'fleet' | { tenantIds: string[] }) {
  const texts: string[] = []
  const stop = new AbortController()
  const reading = (async () => {
    for await (const text of services.live.changes(scope, stop.signal)) if (text) texts.push(text)
  })()
  return {
    texts,
    end: async () => {
      stop.abort()
      await reading
    },
  }
}

async function run(kind: OperationKind, input: object) {
  const target = { kind: 'vm' as const, id: world.vm.id, name: world.vm.name }
  const actor = { kind: 'user' as const, id: cast.owner.id, name: 'Owen' }
  const wanted = { kind, target, tenantId: world.tenant.id, hostId: world.host.id, input: { ...input } }
  const { id } = await services.authDb.$transaction((tx) => enqueue({ tx, actor, requestId: null }, wanted))
  const row = () => services.authDb.operation.findUniqueOrThrow({ where: { id } })
  await expect.poll(async () => isLive((await row()).state), { timeout: 20_000 }).toBe(false)
  expect((await row()).state).toBe('failed')
  return id
}

/** All that somebody is told of an operation on the VM: every answer of the API that carries it, and the audit. */
async function readAll(who: 'owner' | 'operator', id: string): Promise<string> {
  const caller = await callAs(services, cast.headers[who])
  const answers = [
    await caller.operation.get({ id }),
    await caller.operation.list({}),
    await caller.vm.get({ id: world.vm.id }),
    await caller.vm.list({}),
    await caller.audit.list({}),
    await caller.operation.retry({ id }).catch((error: unknown) => error),
  ]
  const query = who === 'owner' ? `format=jsonl&tenantId=${world.tenant.id}` : 'format=jsonl'
  const request = new Request(`${services.url}/api/audit/export?${query}`, { headers: cast.headers[who] })
  const exported = await withErrors(() => exportAudit(services, request))
  expect(exported.status).toBe(200)
  return [...answers.map((answer) => superjson.stringify(answer)), await exported.text()].join('\n')
}

test.each([
  ['what libvirt refused', 'edit-vm', {}, 'Could not start a VM on oslo-1: the hypervisor could not do it.', address],
  ['a host out of reach', 'power-vm', { action: 'start' }, 'libvirt has no socket there', 'secret-socket'],
] as const)('%s: members read our words, operators also what was said where', async (_, kind, input, words, detail) => {
  await services.authDb.host.update({ where: { id: world.host.id }, data: { uri: `${uri}-${world.mark}` } })
  const [tenant, fleet] = [listen({ tenantIds: [world.tenant.id] }), listen('fleet')]
  await sleep(300)
  const id = await run(kind, input)
  await expect.poll(() => tenant.texts.join(), { timeout: 10_000 }).toContain(words)
  await Promise.all([tenant.end(), fleet.end()])

  const member = await readAll('owner', id)
  expect(member).toContain(words)
  expect(member).not.toMatch(secret)
  for (const text of [...tenant.texts, ...fleet.texts]) expect(text).not.toMatch(secret)

  const operator = await (await callAs(services, cast.headers.operator)).operation.get({ id })
  expect(operator.errorDetail).toContain(detail)
  expect((await (await callAs(services, cast.headers.owner)).operation.get({ id })).errorDetail).toBeNull()
})

test('a tenant’s own transaction sees no trace, whatever it asks for', async () => {
  await run('edit-vm', {})
  expect(await services.authDb.operationTrace.count()).toBeGreaterThan(0)
  const caller = await callAs(services, cast.headers.owner)
  expect((await caller.operation.list({})).items.length).toBeGreaterThan(0)
  const seen = await services.db.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT set_config('skerry.scope', ${world.tenant.id}, true)`
    return [await tx.operation.count(), await tx.operationTrace.count()]
  })
  expect(seen).toEqual([expect.any(Number), 0])
  expect(seen[0]).toBeGreaterThan(0)
})
