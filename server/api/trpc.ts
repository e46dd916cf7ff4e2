import { initTRPC, TRPCError } from '@trpc/server'
import superjson from 'superjson'
import { ZodError } from 'zod'
import { scopeOf } from '#server/auth/actor.ts'
import { auditChange, type Trail } from '#server/auth/audit.ts'
import { type ActionOf, allowed, needsNoRow, type Resource } from '#server/auth/policy.ts'
import { createBuckets, TooMany } from '#server/auth/rate.ts'
import { type Db, inScope, type Scope, type Tx } from '#server/db.ts'
import { asSkerryError, type ErrorCode, forbidden, SkerryError } from '#server/errors.ts'
import { log } from '#server/log.ts'
import type { DeedOf } from '#server/schema/audit.ts'
import { lean } from '#server/schema/wire.ts'
import type { Context } from './context.ts'
import { databaseError } from './database-error.ts'

/** What a procedure says of itself: who may call it, and for a mutation what its audit entry is named. */
export interface Meta {
  access: 'public' | 'signed-in'
  change?: { resource: Resource; action: string }
  /** Holds no transaction: a live stream, or a reading that many share */
  stream?: true
}

/** What a failed call tells its caller, beside the message. */
export interface ErrorData {
  code: ErrorCode
  wayOut: string | undefined
  field: string | undefined
  /** Path of each malformed input field → what is wrong with it */
  fields: Record<string, string>
  requestId: string | undefined
}

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    transformer: lean(superjson),
    // Proxies cut what is silent; a browser that hears nothing for longer connects again.
    sse: { ping: { enabled: true, intervalMs: 15_000 }, client: { reconnectAfterInactivityMs: 40_000 } },
    defaultMeta: { access: 'public' },
    errorFormatter: ({ shape, error, ctx }) => {
      const known = knownError(error)
      const { httpStatus, path } = shape.data
      const skerry: ErrorData = {
        code: known.code,
        wayOut: known.wayOut,
        field: known.field,
        fields: fieldsOf(error.cause),
        requestId: ctx?.requestId,
      }
      return { code: shape.code, message: known.message, data: { code: error.code, httpStatus, path, skerry } }
    },
  })

export const router = t.router
export const createCallerFactory = t.createCallerFactory
export const mergeRouters = t.mergeRouters

const codes = {
  invalid: 'BAD_REQUEST',
  unauthenticated: 'UNAUTHORIZED',
  forbidden: 'FORBIDDEN',
  'not-found': 'NOT_FOUND',
  conflict: 'CONFLICT',
  unsupported: 'UNPROCESSABLE_CONTENT',
  unavailable: 'SERVICE_UNAVAILABLE',
  internal: 'INTERNAL_SERVER_ERROR',
} as const satisfies Record<ErrorCode, TRPCError['code']>

/** tRPC's own refusals (no such procedure, body not JSON …) in our words; what else was thrown by `asSkerryError`. */
function knownError(error: TRPCError): SkerryError {
  if (error.cause instanceof SkerryError) return error.cause
  if (error.cause instanceof ZodError) return asInvalid(error.cause)
  const own = (Object.keys(codes) as ErrorCode[]).find((code) => codes[code] === error.code)
  if (error.code === 'INTERNAL_SERVER_ERROR') return databaseError(error.cause) ?? asSkerryError(error.cause ?? error)
  return new SkerryError(own ?? 'invalid', error.message, { cause: error.cause })
}

const fieldsOf = (cause: unknown): Record<string, string> =>
  cause instanceof ZodError
    ? Object.fromEntries(cause.issues.map((issue) => [issue.path.join('.'), issue.message]))
    : {}

function asInvalid(error: ZodError): SkerryError {
  const [first] = error.issues
  const field = first?.path.join('.') ?? ''
  const message = `${field ? `${field}: ` : ''}${first?.message ?? 'The input is malformed'}.`
  return new SkerryError('invalid', message.replace(/\.\.$/, '.'), { field, cause: error })
}

/** What goes to tRPC for anything thrown; the only place that makes its errors. */
export function toTrpcError(thrown: unknown, requestId?: string): TRPCError {
  if (thrown instanceof TRPCError && thrown.code !== 'INTERNAL_SERVER_ERROR') return thrown
  const cause = thrown instanceof TRPCError ? (thrown.cause ?? thrown) : thrown
  const known = databaseError(cause) ?? asSkerryError(cause)
  if (known.code === 'internal') log.error({ requestId, error: describe(known.cause) }, 'a request failed')
  const code = known instanceof TooMany ? 'TOO_MANY_REQUESTS' : codes[known.code]
  return new TRPCError({ code, message: known.message, cause: known })
}

const describe = (cause: unknown) => (cause instanceof Error ? (cause.stack ?? cause.message) : String(cause))

/** Thrown through a transaction to roll it back; carries tRPC's own result of the failed procedure. */
class RolledBack<Result> extends Error {
  readonly result: Result

  constructor(result: Result) {
    super('rolled back')
    this.result = result
  }
}

/** Runs the rest of the procedure in one scoped transaction, rolled back when it fails. */
async function inOneTransaction<Result extends { ok: boolean }>(
  db: Db,
  scope: Scope,
  work: (tx: Tx) => Promise<Result>,
) {
  try {
    return await inScope(db, scope, async (tx) => {
      const result = await work(tx)
      if (!result.ok) throw new RolledBack(result)
      return result
    })
  } catch (error) {
    if (error instanceof RolledBack) return error.result as Result
    throw error
  }
}

const mapped = t.procedure.use(async ({ ctx, next }) => {
  const result = await next()
  if (result.ok) return result
  throw toTrpcError(result.error, ctx.requestId)
})

const newTrail = (action: string, resourceKind: string): Trail => ({
  action,
  resourceKind,
  detail: {},
  authorised: false,
})

const unauthenticated = () =>
  new SkerryError('unauthenticated', 'You are not signed in, or your session has ended.', { wayOut: 'Sign in again.' })

/** Queries for everybody; sees no tenant's row unless the asker is signed in. */
export const publicProcedure = mapped.use(async ({ ctx, type, path, next }) => {
  if (type !== 'query') throw new Error(`${path}: a ${type} is not made of the builder for queries`)
  const scope = scopeOf(ctx.actor)
  const trail = newTrail(path, path)
  return inOneTransaction(ctx.db, scope, (tx) => next({ ctx: { tx, scope, trail } }))
})

/** Queries for whoever is signed in, in one transaction that sees what they may see. */
export const signedIn = mapped.meta({ access: 'signed-in' }).use(async ({ ctx, type, path, next }) => {
  if (type !== 'query') throw new Error(`${path}: a ${type} is not made of the builder for queries`)
  const { actor } = ctx
  if (!actor) throw unauthenticated()
  const scope = scopeOf(actor)
  const trail = newTrail(path, path)
  return inOneTransaction(ctx.db, scope, (tx) => next({ ctx: { tx, scope, trail, actor } }))
})

/** Queries that one reading answers for many: no transaction of its own; use `inScope(ctx.db, ctx.scope, …)` for it. */
export const shared = mapped.meta({ access: 'signed-in', stream: true }).use(async ({ ctx, type, path, next }) => {
  if (type !== 'query') throw new Error(`${path}: a ${type} is not made of the builder for queries`)
  const { actor } = ctx
  if (!actor) throw unauthenticated()
  return next({ ctx: { actor, scope: scopeOf(actor) } })
})

/** Live streams for whoever is signed in: no transaction; use `inScope(ctx.db, ctx.scope, …)` for each reading. */
export const stream = mapped.meta({ access: 'signed-in', stream: true }).use(async ({ ctx, type, path, next }) => {
  if (type !== 'subscription') throw new Error(`${path}: a ${type} is not made of the builder for streams`)
  const { actor } = ctx
  if (!actor) throw unauthenticated()
  return next({ ctx: { actor, scope: scopeOf(actor) } })
})

/**
 * A mutation of this resource and action. Runs in one scoped transaction and leaves one audit entry (of many things one
 * for each): succeeded inside that transaction, denied or failed in another one after the rollback. What has no tenant's row to ask is
 * checked here; otherwise `load.…(ctx, id, action)` or `demand(…)` must be passed, or the change is refused.
 * @param action whose right it needs @param deed what is done by that right, where it is not the action itself
 */
export function change<R extends Resource>(resource: R, action: ActionOf<R>, deed: ActionOf<R> | DeedOf<R> = action) {
  return mapped
    .meta({ access: 'signed-in', change: { resource, action: deed } })
    .use(async ({ ctx, next }) => {
      const { actor } = ctx
      if (!actor) throw unauthenticated()
      return next({ ctx: { actor } })
    })
    .use(audited(resource, deed))
    .use(async ({ ctx, next }) => {
      if (needsNoRow(resource)) {
        const answer = allowed(ctx.actor, resource, action)
        if (answer !== true) throw forbidden(answer)
        ctx.trail.authorised = true
      }
      return next()
    })
}

/** A mutation for people who are not signed in yet; the procedure decides, and names the actor in `ctx.trail`. */
export function publicChange<R extends Resource>(resource: R, action: ActionOf<R>) {
  return mapped.meta({ access: 'public', change: { resource, action } }).use(audited(resource, action))
}

function audited(resource: Resource, action: string) {
  return t.middleware(async ({ ctx, type, path, next }) => {
    if (type !== 'mutation') throw new Error(`${path}: a ${type} is not made of the builder for mutations`)
    const scope = scopeOf(ctx.actor)
    const trail = newTrail(`${resource}.${action}`, resource)
    try {
      if (!ctx.sameOrigin) throw forbidden('This change came from another site’s page, or does not say where from.')
      const result = await inOneTransaction(ctx.db, scope, async (tx) => {
        const result = await next({ ctx: { tx, scope, trail } })
        if (!result.ok) return result
        if (!trail.authorised) throw new Error(`${path} changed something without a check of the policy`)
        await auditChange(tx, trail, ctx.actor, ctx.origin)
        return result
      })
      if (!result.ok) await auditFailure(ctx, trail, result.error)
      return result
    } catch (error) {
      await auditFailure(ctx, trail, error)
      throw error
    }
  })
}

async function auditFailure(ctx: Context, trail: Trail, thrown: unknown): Promise<void> {
  const error = thrown instanceof TRPCError ? knownError(thrown) : (databaseError(thrown) ?? asSkerryError(thrown))
  await inScope(ctx.db, 'fleet', (tx) => auditChange(tx, trail, ctx.actor, ctx.origin, error)).catch((problem) =>
    log.error(
      { requestId: ctx.requestId, error: String(problem) },
      'the audit entry of a failure could not be written',
    ),
  )
}

/** For procedures that cost: `burst` calls at once, then `perMinute`, for each actor (or address) in this process. */
export function costly(burst: number, perMinute: number) {
  const take = createBuckets(burst, perMinute)
  return t.middleware(({ ctx, path, next }) => {
    take(`${path} ${ctx.actor?.id ?? ctx.origin.address ?? 'nobody'}`)
    return next()
  })
}
