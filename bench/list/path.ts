import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import superjson from 'superjson'
import { createContext } from '#server/api/context.ts'
import { maxBatchSize, trpcPath } from '#server/api/handler.ts'
import { appRouter } from '#server/api/root.ts'
import type { Services } from '#server/api/services.ts'
import { mergeRouters } from '#server/api/trpc.ts'
import type { VmListInput, VmPage } from '#server/schema/vm.ts'
import { offsetRouter } from './offset-page.ts'

const router = mergeRouters(appRouter, offsetRouter)

/**
 * Everything between the socket and the database: headers to session to person and memberships, input checked, a
 * transaction in the person's scope, the page, and its JSON. The peer goes the same way.
 * @returns the body of the response
 */
async function ask(services: Services, headers: Headers, path: string, input: unknown): Promise<string> {
  const url = new URL(`${trpcPath}/${path}`, services.url)
  url.searchParams.set('input', JSON.stringify(superjson.serialize(input)))
  const response = await fetchRequestHandler({
    endpoint: trpcPath,
    req: new Request(url, { headers }),
    router,
    maxBatchSize,
    createContext: ({ resHeaders }) => createContext(services, headers, { responseHeaders: resHeaders }),
  })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${text.slice(0, 500)}`)
  return text
}

/** What a browser makes of a response. */
export function readAnswer<T>(text: string): T {
  const { result } = JSON.parse(text) as { result: { data: Parameters<typeof superjson.deserialize>[0] } }
  return superjson.deserialize(result.data)
}

type ListInput = Partial<VmListInput>
export type OffsetPage = { rows: VmPage['rows']; cursor: string | null }

export const askList = (services: Services, headers: Headers, input: ListInput) =>
  ask(services, headers, 'vm.list', input)

export const askOffset = (services: Services, headers: Headers, input: ListInput & { offset: number }) =>
  ask(services, headers, 'offset.list', input)

export const askCounts = (services: Services, headers: Headers, filter: string) =>
  ask(services, headers, 'vm.counts', { filter })
