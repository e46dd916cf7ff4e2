import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { withinBodyLimit } from '#server/auth/body-limit.ts'
import { type Context, createContext } from './context.ts'
import { appRouter } from './root.ts'
import type { Services } from './services.ts'
import { toTrpcError } from './trpc.ts'

/** Procedures in one request. */
export const maxBatchSize = 20
export const trpcPath = '/api/trpc'

/** tRPC over HTTP: at most 1 MiB and 20 procedures a request. */
export async function handleTrpc(services: Services, request: Request): Promise<Response> {
  const limited = await withinBodyLimit(request)
  if (limited instanceof Response) return limited
  return fetchRequestHandler({
    endpoint: trpcPath,
    req: limited,
    router: appRouter,
    maxBatchSize,
    // A read about hundreds of things has more to say than an address holds. A change by GET stays refused.
    allowMethodOverride: true,
    createContext: ({ resHeaders }): Promise<Context> =>
      createContext(services, request.headers, { responseHeaders: resHeaders, signal: request.signal }).catch(
        (error) => {
          throw toTrpcError(error)
        },
      ),
  })
}
