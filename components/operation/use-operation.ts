'use client'

import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '#components/trpc/client.tsx'
import { isLive } from '#server/schema/operation.ts'

/** An operation until it has ended; nothing while there is no id. The live stream tells of changes, a slow poll of lost ones. */
export function useOperation(id: string | null) {
  const trpc = useTRPC()
  return useQuery({
    ...trpc.operation.get.queryOptions({ id: id ?? '' }),
    enabled: id !== null,
    refetchInterval: (query) => (query.state.data && !isLive(query.state.data.state) ? false : 2_000),
  })
}
