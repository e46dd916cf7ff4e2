'use client'

import { useQueryClient } from '@tanstack/react-query'
import { useTRPC } from '#components/trpc/client.tsx'

/** Reads again who is signed in, after something about it changed outside of tRPC. */
export function useMeReread() {
  const trpc = useTRPC()
  const client = useQueryClient()
  return () => client.invalidateQueries({ queryKey: trpc.session.me.queryKey() })
}
