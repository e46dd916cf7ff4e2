'use client'

import { useSuspenseQuery } from '@tanstack/react-query'
import { useParams } from 'next/navigation'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'

export type Host = Outputs['host']['get']

/** The host of this page; HostFrame has shown its loading and error states before anything below asks. */
export function useHost(): Host {
  const { host: id } = useParams<{ host: string }>()
  return useSuspenseQuery(useTRPC().host.get.queryOptions({ id })).data
}
