import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '#components/trpc/client.tsx'
import { whyNot } from '#components/ui/why-not.ts'

/** Why this person may create no VM; undefined where they may, and until that is known. */
export function useReasonAgainstCreate(): string | undefined {
  const trpc = useTRPC()
  const rights = useQuery(trpc.vm.rights.queryOptions())
  return rights.data && whyNot(rights.data.create)
}
