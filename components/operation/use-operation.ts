'use client'

import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '#components/trpc/client.tsx'

/** An operation, kept up to date by the live stream; nothing while there is no id. */
export function useOperation(id: string | null) {
  const trpc = useTRPC()
  return useQuery({ ...trpc.operation.get.queryOptions({ id: id ?? '' }), enabled: id !== null })
}
