import { defaultShouldDehydrateQuery, QueryClient } from '@tanstack/react-query'
import superjson from 'superjson'
import { lean } from '#server/schema/wire.ts'
import { isRefused } from './failure.ts'

const transformer = lean(superjson)

/** Once more, where it may have failed by chance: what is refused is refused again, and who asked should not wait for it. */
const retry = (failures: number, error: Error) => failures < 1 && !isRefused(error)

/** The live stream keeps what is shown fresh, so nothing is fetched again only because time passed. */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: 60_000, refetchOnWindowFocus: false, retry },
      dehydrate: {
        serializeData: transformer.serialize,
        shouldDehydrateQuery: (query) => defaultShouldDehydrateQuery(query) || query.state.status === 'pending',
      },
      hydrate: { deserializeData: transformer.deserialize },
    },
  })
}
