import { TooMany } from '#server/auth/rate.ts'
import { asSkerryError, type ErrorCode } from '#server/errors.ts'
import { log } from '#server/log.ts'
import { databaseError } from './database-error.ts'

const statuses: Record<ErrorCode, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  unsupported: 422,
  unavailable: 503,
  internal: 500,
}

/** For routes beside tRPC: any failure as a response with its code, message and way out. */
export async function withErrors(work: () => Promise<Response>): Promise<Response> {
  try {
    return await work()
  } catch (thrown) {
    const { code, message, wayOut, cause } = databaseError(thrown) ?? asSkerryError(thrown)
    if (code === 'internal')
      log.error({ error: cause instanceof Error ? cause.stack : String(cause) }, 'a request failed')
    const status = thrown instanceof TooMany ? 429 : statuses[code]
    return Response.json({ error: { code, message, wayOut } }, { status })
  }
}
