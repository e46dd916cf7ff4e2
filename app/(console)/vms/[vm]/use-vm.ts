'use client'

import { useSuspenseQuery } from '@tanstack/react-query'
import { useParams } from 'next/navigation'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'

export type Vm = Outputs['vm']['get']

/** The VM of this page; VmFrame has shown its loading and error states before anything below asks. */
export function useVm(): Vm {
  const { vm: id } = useParams<{ vm: string }>()
  return useSuspenseQuery(useTRPC().vm.get.queryOptions({ id })).data
}
