import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { limitBody } from './body.ts'
import { type Context, createContext } from './context.ts'
import { appRouter } from './root.ts'
import type { Services } from './services.ts'
import { toTrpcError } from './trpc.ts'

export const maxBodyBytes = 1024 * 1024
/** Procedures in one request. */
export const maxBatchSize = 20
export const trpcPath = '/api/trpc'

/** tRPC over HTTP: at most 1 MiB and 20 procedures a request. */
export async function handleTrpc(services: Services, request: Request): Promise<Response> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBodyBytes) {
    return new Response(`A request may have ${maxBodyBytes} bytes at most.`, { status: 413 })
  }
  return fetchRequestHandler({
    endpoint: trpcPath,
    req: limitBody(request, maxBodyBytes),
    router: appRouter,
    maxBatchSize,
    allowMethodOverride: false,
    createContext: ({ resHeaders }): Promise<Context> =>
      createContext(services, request.headers, { responseHeaders: resHeaders, signal: request.signal }).catch(
        (error) => {
          throw toTrpcError(error)
        },
      ),
  })
}
