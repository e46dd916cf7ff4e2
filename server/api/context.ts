import { randomUUID } from 'node:crypto'
import type { Actor } from '#server/auth/actor.ts'
import { addressHeader } from '#server/auth/address.ts'
import type { Origin } from '#server/auth/audit.ts'
import { type Identity, identify } from '#server/auth/identify.ts'
import { isSameOrigin } from '#server/auth/same-origin.ts'
import type { Db } from '#server/db.ts'
import type { Services } from './services.ts'

/** One HTTP request, which may carry several procedures. */
export interface Context {
  services: Services
  db: Db
  actor: Actor | null
  by: Identity['by']
  /** False when another site's page may have sent this with our cookie */
  sameOrigin: boolean
  origin: Origin
  requestId: string
  /** Who asks now: a stream outlives the session it began in */
  identifyAgain: () => Promise<Actor | null>
  /** Aborts when the client is gone */
  signal: AbortSignal | undefined
}

/** @throws SkerryError unauthenticated for an API key that is not valid */
export async function createContext(
  services: Services,
  headers: Headers,
  options: { responseHeaders?: Headers; signal?: AbortSignal } = {},
): Promise<Context> {
  const requestId = randomUUID()
  options.responseHeaders?.set('x-request-id', requestId)
  const { actor, by, setCookies } = await identify(services.auth, services.authDb, headers)
  for (const cookie of setCookies) options.responseHeaders?.append('set-cookie', cookie)
  return {
    services,
    db: services.db,
    actor,
    by,
    sameOrigin: by === 'api-key' || isSameOrigin(headers, services.url, by === 'cookie'),
    origin: {
      requestId,
      address: headers.get(addressHeader),
      userAgent: headers.get('user-agent')?.slice(0, 300) ?? null,
    },
    requestId,
    identifyAgain: async () => (await identify(services.auth, services.authDb, headers)).actor,
    signal: options.signal,
  }
}
