import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SkerryError } from '#server/errors.ts'
import { callAs } from '#server/testing/call.ts'
import { type TestServices, testServices } from '#server/testing/services.ts'
import type { Answer } from '#server/testing/walk-case.ts'
import {
  type Cast,
  createCast,
  createWorld,
  secretsOfFleet,
  secretsOfTenant,
  type World,
} from '#server/testing/world.ts'
import { appRouter } from './root.ts'
import type { Meta } from './trpc.ts'
import { toTrpcError } from './trpc.ts'
import { walkCases } from './walk.cases.ts'

type Who = keyof Cast['headers']
interface Procedure {
  _def: { type: 'query' | 'mutation' | 'subscription'; meta?: Meta }
}
const procedures = appRouter._def.procedures as unknown as Record<string, Procedure>
const paths = Object.keys(procedures).sort()

let services: TestServices
let cast: Cast
/** For all who only read */
let readWorld: World
beforeAll(async () => {
  services = await testServices()
  cast = await createCast(services)
  readWorld = await createWorld(services, cast)
})
afterAll(() => services?.close())

/** Calls by path; a live stream is opened and closed again. */
async function call(path: string, who: Who, input: unknown): Promise<{ answer: Answer; text: string }> {
  // Which procedures are walked is only known at run time, so their types are not.
  let target: unknown = await callAs(services, cast.headers[who])
  for (const name of path.split('.')) target = (target as Record<string, unknown>)[name]
  const procedure = target as (input: unknown) => Promise<unknown>
  try {
    const result = await procedure(input)
    if (procedures[path]?._def.type === 'subscription') {
      await (result as AsyncGenerator).return(undefined)
      return { answer: 'ok', text: '' }
    }
    return { answer: 'ok', text: show(result) }
  } catch (thrown) {
    const { cause } = toTrpcError(thrown)
    const answer = cause instanceof SkerryError ? cause.code : 'invalid'
    return { answer, text: cause instanceof SkerryError ? `${cause.message} ${cause.wayOut ?? ''}` : String(thrown) }
  }
}

const show = (value: unknown) =>
  JSON.stringify(value, (_, item) =>
    typeof item === 'bigint' ? String(item) : item instanceof Map ? [...item] : item,
  ) ?? ''

const entryCount = () => services.authDb.auditEntry.count()

test('every procedure has a case, and no case is of a procedure that is gone', () => {
  expect(paths).toEqual(Object.keys(walkCases).sort())
})

test('every mutation says what it changes, and only the few named here are open to nobody', () => {
  const unnamed = paths.filter(
    (path) => procedures[path]?._def.type === 'mutation' && !procedures[path]?._def.meta?.change,
  )
  expect(unnamed).toEqual([])
  const open = paths.filter((path) => procedures[path]?._def.meta?.access !== 'signed-in')
  expect(open).toEqual(['session.invitation', 'session.options', 'session.signUp'])
})

describe.each(paths.filter((path) => walkCases[path]))('%s', (path) => {
  const expected = walkCases[path]
  const isMutation = procedures[path]?._def.type === 'mutation'
  /** What this asker must not find in whatever comes back. */
  const mustNotSee = (who: Who, world: World, input: unknown) => {
    const given = show(input)
    const all =
      who === 'operator'
        ? []
        : who === 'owner' || who === 'viewer'
          ? secretsOfFleet(world)
          : [...secretsOfTenant(world), ...secretsOfFleet(world)]
    const toldByLink = path === 'session.invitation' ? [world.tenant.name, world.invitation.email] : []
    return all.filter((secret) => secret && !given.includes(secret) && !toldByLink.includes(secret))
  }

  test('answers each asker as its case says, leaks nothing, and leaves one audit entry for a change', async () => {
    const world = isMutation ? await createWorld(services, cast) : readWorld
    const input = expected?.input?.(world)
    const order: Who[] = ['nobody', 'expired', 'stranger', 'viewer', 'owner', 'operator']
    const got: Partial<Record<Who, Answer>> = {}
    for (const who of order) {
      const before = await entryCount()
      const { answer, text } = await call(path, who, input)
      got[who] = answer
      for (const secret of mustNotSee(who, world, input))
        expect.soft(text, `what ${who} was told`).not.toContain(secret)
      const isKnown = who !== 'nobody' && who !== 'expired'
      expect.soft((await entryCount()) - before, `audit entries of ${who}`).toBe(isMutation && isKnown ? 1 : 0)
    }
    const nobody = expected?.nobody ?? 'unauthenticated'
    const { stranger, viewer, owner, operator } = expected ?? {}
    expect(got).toEqual({ nobody, expired: nobody, stranger, viewer, owner, operator })
  })
})
