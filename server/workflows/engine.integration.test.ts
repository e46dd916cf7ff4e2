import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { enqueue, type NewOperation, requestCancel } from '#server/core/operation.ts'
import { conflict, SkerryError, unavailable } from '#server/errors.ts'
import { explainConnection } from '#server/hypervisor/libvirt/connection-error.ts'
import { TransportError } from '#server/libvirt/error.ts'
import { OriginalDamaged } from '#server/repository/copy.ts'
import { DamageError } from '#server/repository/damage.ts'
import { databaseForTests } from '#server/testing/database-for-tests.ts'
import { type TestEngine, testEngine } from '#server/testing/engine.ts'
import { defineWorkflow } from './define.ts'
import { pause } from './pause.ts'
import { undoOperation } from './undo-operation.ts'

const actor = { kind: 'user' as const, id: 'tester', name: 'Tester' }

/** What everybody may not read. */
const secretPlace = '/srv/pool/x.qcow2 at qemu+tls://10.11.12.13/system'
/** Whether the cause of a failing undo is gone. */
let isMended = false
/** What the steps below did, in order. */
const trail: string[] = []
/** User data that steps were given. */
const seen: string[] = []
const Input = z.object({
  failAt: z.string().default(''),
  why: z.enum(['conflict', 'unavailable', 'damage']).default('conflict'),
  holdAt: z.string().default(''),
  connectAt: z.string().default(''),
  holdAgainAt: z.string().default(''),
  failUndoAt: z.string().default(''),
  userData: z.string().nullish(),
})
const reasons = {
  conflict: (message: string) => conflict(message, 'Go round it.'),
  unavailable: (message: string) => unavailable(message),
  damage: (message: string) => new OriginalDamaged(new DamageError(message, {})),
}
/** As where a cancel comes while a way to a host is being opened. */
async function connectInVain(signal: AbortSignal): Promise<void> {
  await pause(60_000, signal).catch(() => undefined)
  throw explainConnection(new TransportError('aborted', 'a host: connecting was given up', signal.reason), 'a host')
}
const steps = ['one', 'two', 'three'].map((name) => ({
  name,
  async do(context: { input: z.infer<typeof Input>; signal: AbortSignal; progress(p: object): void }) {
    const isAgain = trail.includes(`do ${name}`)
    trail.push(`do ${name}`)
    if (isAgain && context.input.holdAgainAt === name) await pause(60_000, context.signal)
    if (context.input.userData) seen.push(context.input.userData)
    context.progress({ phase: `doing ${name}`, done: 1, total: 3, unit: 'items' })
    if (context.input.holdAt === name) await pause(60_000, context.signal)
    if (context.input.connectAt === name) await connectInVain(context.signal)
    if (context.input.failAt === name) throw reasons[context.input.why](`${name} stood in the way.`)
    return { [name]: trail.length }
  },
  async undo({ input }: { input: z.infer<typeof Input> }) {
    trail.push(`undo ${name}`)
    if (input.failUndoAt === name && !isMended) {
      const cause = new Error(`cannot unlink ${secretPlace}`)
      throw new SkerryError('conflict', `${name} could not be put back.`, { detail: cause.message, cause })
    }
    return `put ${name} back`
  },
  async leave() {
    trail.push(`leave ${name}`)
  },
}))
const workflow = defineWorkflow<z.infer<typeof Input>, Record<string, number>>({
  kind: 'power-vm',
  input: Input,
  steps,
  result: (memory) => memory,
})
const workflows = [workflow, undoOperation([workflow])]

const own = databaseForTests()
let engine: TestEngine
let sql: pg.Client
beforeAll(async () => {
  sql = new pg.Client({ connectionString: own.url, options: '-c skerry.scope=*' })
  await sql.connect()
  // Without the sweep: what is taken up or cancelled here is so by notice alone.
  engine = await testEngine(
    { db: own.db, databaseUrl: own.url },
    { workflows, sweepMs: 600_000, betweenAttemptsMs: 20 },
  )
})
afterAll(async () => {
  await engine?.stop()
  await sql?.end()
})
afterEach(() => {
  trail.length = 0
  isMended = false
})

const wanted = (input: object, more: Partial<NewOperation> = {}): NewOperation => ({
  kind: 'power-vm',
  target: { kind: 'vm', id: 'vm-1', name: 'web' },
  tenantId: null,
  input: { ...input },
  ...more,
})
const ask = (input: object, more: Partial<NewOperation> = {}) =>
  own.db.$transaction((tx) => enqueue({ tx, actor, requestId: 'r-1' }, wanted(input, more)))

async function row(id: string) {
  return (await sql.query('SELECT * FROM operation WHERE id = $1', [id])).rows[0]
}
async function until(id: string, ready: (row: Record<string, unknown>) => boolean) {
  for (let i = 0; i < 200; i++) {
    const now = await row(id)
    if (ready(now)) return now
    await pause(50)
  }
  throw new Error(`not within 10 s: ${JSON.stringify(await row(id))}`)
}
/** What the audit trail has of how an operation ended. */
const endsOf = async (id: string) =>
  (await sql.query(`SELECT * FROM audit_entry WHERE detail ->> 'operationId' = $1`, [id])).rows
const ended = (id: string) => until(id, (now) => now.finished_at !== null)

test('an operation runs its steps in order and ends with its result', async () => {
  const { id } = await ask({})
  const end = await ended(id)
  expect(end).toMatchObject({ state: 'succeeded', step: 'three', step_index: 2, step_count: 3, error: null })
  expect(end.result).toEqual({ one: 1, two: 2, three: 3 })
  expect(trail).toEqual(['do one', 'do two', 'do three'])
  expect(await endsOf(id)).toEqual([])
})

test('a failing step: earlier ones are undone in reverse, the row says why and what next', async () => {
  const { id } = await ask({ failAt: 'two' })
  const end = await ended(id)
  expect(end.state).toBe('failed')
  expect(end.error).toEqual({
    code: 'conflict',
    message: 'two stood in the way.',
    step: 'two',
    wayOut: 'Go round it.',
  })
  expect(end.undone).toEqual(['put two back', 'put one back'])
  expect(trail).toEqual(['do one', 'do two', 'undo two', 'undo one'])
  expect(await endsOf(id)).toMatchObject([
    {
      ...{ action: 'operation.end', outcome: 'failed', chain: 'fleet', actor_id: 'tester', request_id: 'r-1' },
      ...{ resource_kind: 'vm', resource_id: 'vm-1', resource_name: 'web' },
      detail: { operation: 'power-vm', state: 'failed', reason: 'two stood in the way.' },
    },
  ])
  expect((await sql.query('SELECT * FROM audit_check()')).rows).toEqual([])
})

test('a failed run of an archival policy stands in the audit as of an archive, as its asking does', async () => {
  const { id } = await ask({ failAt: 'one' }, { target: { kind: 'archival-policy', id: 'policy-1', name: 'nightly' } })
  await ended(id)
  expect(await endsOf(id)).toMatchObject([{ resource_kind: 'archive', resource_id: 'policy-1' }])
})

test('a step is tried again when what it needs does not answer, not when that is damaged', async () => {
  const attempts = async (why: string) => {
    expect(await ended((await ask({ failAt: 'one', why })).id)).toMatchObject({ state: 'failed' })
    return trail.splice(0).filter((each) => each === 'do one').length
  }
  expect(await attempts('unavailable')).toBe(4)
  expect(await attempts('damage')).toBe(1)
})

test('a step that is tried again says why meanwhile', async () => {
  const operation = await ask({ failAt: 'one', why: 'unavailable', holdAgainAt: 'one' })
  await until(operation.id, (now) => now.phase === 'trying again: one stood in the way.')
  await own.db.$transaction((tx) => requestCancel(tx, operation, actor))
  expect(await ended(operation.id)).toMatchObject({ state: 'cancelled', phase: null })
})

test('cancelling a running step aborts it at once, then undoes', async () => {
  const operation = await ask({ holdAt: 'two' })
  await until(operation.id, (now) => now.phase === 'doing two')
  await own.db.$transaction((tx) => requestCancel(tx, operation, actor))
  const end = await ended(operation.id)
  expect(end).toMatchObject({ state: 'cancelled', cancel_requested_by: 'Tester', error: null })
  expect(end.undone).toEqual(['put two back', 'put one back'])
  expect(await endsOf(operation.id)).toMatchObject([{ detail: { state: 'cancelled', cancelledBy: 'Tester' } }])
})

test('it is cancelled, and has not failed, also while a way to a host is being opened', async () => {
  const operation = await ask({ connectAt: 'two' })
  await until(operation.id, (now) => now.phase === 'doing two')
  await own.db.$transaction((tx) => requestCancel(tx, operation, actor))
  expect(await ended(operation.id)).toMatchObject({
    state: 'cancelled',
    error: null,
    undone: ['put two back', 'put one back'],
  })
})

const traceOf = async (id: string) =>
  (await sql.query('SELECT error_detail, leftover FROM operation_trace WHERE operation_id = $1', [id])).rows[0]

test('an undo that fails ends the way back: the steps before it stay, and all that is left is named', async () => {
  const { id } = await ask({ failAt: 'three', failUndoAt: 'two' })
  const end = await ended(id)
  expect(trail.filter((line) => !line.startsWith('do'))).toEqual(['undo three', 'undo two', 'leave one'])
  expect(end.state).toBe('failed')
  expect(end.undone).toEqual(['put three back'])
  expect(end.error).toEqual({
    code: 'conflict',
    message: 'three stood in the way.',
    step: 'three',
    wayOut: 'Go round it. Clean up what was left behind when the cause is gone.',
    left: ['two: two could not be put back.', 'one: stays, for what is left needs it'],
  })
  expect(JSON.stringify(end)).not.toContain('/srv')
  expect(await traceOf(id)).toEqual({
    error_detail: `cannot unlink ${secretPlace}`,
    leftover: { stepIndex: 1, memory: { one: 1, two: 2 } },
  })
})

test('a cancel that could not put everything back has failed', async () => {
  const operation = await ask({ holdAt: 'two', failUndoAt: 'one' })
  await until(operation.id, (now) => now.phase === 'doing two')
  await own.db.$transaction((tx) => requestCancel(tx, operation, actor))
  const end = await ended(operation.id)
  expect(end).toMatchObject({
    state: 'failed',
    error: { code: 'cancelled', message: expect.stringMatching(/not all/), left: [expect.stringMatching(/^one: /)] },
    undone: ['put two back'],
  })
})

test('what is left behind is cleaned up later, from where it stopped, as often as it takes', async () => {
  const { id } = await ask({ failAt: 'three', failUndoAt: 'two' })
  await ended(id)
  const cleanUp = async () => ended((await ask({ operationId: id }, { kind: 'undo-operation' })).id)
  trail.length = 0
  expect(await cleanUp()).toMatchObject({
    state: 'failed',
    error: { code: 'conflict', message: 'two could not be put back.' },
  })
  expect((await row(id)).error.left).toHaveLength(2)
  isMended = true
  trail.length = 0
  expect(await cleanUp()).toMatchObject({ state: 'succeeded', result: { undone: ['put two back', 'put one back'] } })
  expect(trail).toEqual(['undo two', 'undo one'])
  expect((await row(id)).error).not.toHaveProperty('left')
  expect((await traceOf(id)).leftover).toBeNull()
  trail.length = 0
  expect(await cleanUp()).toMatchObject({ state: 'succeeded', result: { undone: [] } })
  expect(trail).toEqual([])
})

test('a second exclusive operation on the target is refused and names the first', async () => {
  const first = await ask({ holdAt: 'one' })
  await expect(ask({})).rejects.toThrow('web is being started or stopped (by Tester).')
  const other = await ask({}, { target: { kind: 'vm', id: 'vm-2', name: 'db' } })
  await ended(other.id)
  await own.db.$transaction((tx) => requestCancel(tx, first, actor))
  await ended(first.id)
  await ended((await ask({})).id)
})

test('the same idempotency key gives the same operation, which runs once; for another request it is refused', async () => {
  const first = await ask({}, { idempotencyKey: 'k-1' })
  const second = await ask({}, { idempotencyKey: 'k-1' })
  expect(second.id).toBe(first.id)
  const others: [object, Partial<NewOperation>][] = [
    [{ failAt: 'one' }, {}],
    [{}, { kind: 'measure-vm' }],
    [{}, { target: { kind: 'vm', id: 'vm-2', name: 'db' } }],
  ]
  for (const [input, more] of others) {
    await expect(ask(input, { ...more, idempotencyKey: 'k-1' })).rejects.toMatchObject({ code: 'conflict' })
  }
  await ended(first.id)
  expect((await ask({}, { idempotencyKey: 'k-1' })).id).toBe(first.id)
  expect(trail).toEqual(['do one', 'do two', 'do three'])
})

test('a request that is rolled back leaves no operation', async () => {
  let id = ''
  await own.db
    .$transaction(async (tx) => {
      id = (await enqueue({ tx, actor, requestId: null }, wanted({}))).id
      throw new Error('the request failed later')
    })
    .catch(() => undefined)
  await pause(300)
  expect(await row(id)).toBeUndefined()
  expect(trail).toEqual([])
})

test('input that an older version wrote and this one does not understand fails, and says so', async () => {
  const end = await ended((await ask({ failAt: 7 })).id)
  expect(end.state).toBe('failed')
  expect(end.error).toMatchObject({ code: 'internal', step: 'one' })
})

test('secrets are there while it runs; afterwards neither its row nor the durable record has them', async () => {
  const secret = 'hush-hush-hush'
  const { id } = await ask({ userData: secret, sealed: null })
  const end = await ended(id)
  expect(end.state).toBe('succeeded')
  expect(seen).toContain(secret)
  expect(end.input).toEqual({ userData: null, sealed: null, forgotten: ['userData'] })
  const { rows } = await sql.query('SELECT o::text AS text FROM dbos.operation_outputs o WHERE workflow_uuid = $1', [
    id,
  ])
  expect(rows.length).toBeGreaterThan(3)
  expect(JSON.stringify(rows)).not.toContain(secret)
})
