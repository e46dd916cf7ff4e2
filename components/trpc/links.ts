import { httpBatchStreamLink, httpLink, httpSubscriptionLink, splitLink } from '@trpc/client'
import superjson from 'superjson'
import type { AppRouter } from '#server/api/root.ts'
import { lean } from '#server/schema/wire.ts'
import { unreachableLink } from './unreachable-link.ts'

const transformer = lean(superjson)

/** Reads that are asked about hundreds at once: an address has no room for so many ids, a body has. */
const askedInBody = new Set(['vm.bulkMigratePlan'])

/** How calls go to the server: subscriptions over server-sent events, the others many in one request. */
export const trpcLinks = (url: string) => [
  splitLink<AppRouter>({
    condition: ({ type }) => type === 'subscription',
    true: httpSubscriptionLink({ url, transformer }),
    false: [
      unreachableLink,
      splitLink({
        condition: ({ path }) => askedInBody.has(path),
        true: httpLink({ url, transformer, methodOverride: 'POST' }),
        false: httpBatchStreamLink({ url, transformer, maxItems: 10 }),
      }),
    ],
  }),
]
