'use client'

import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useOperation } from '#components/operation/use-operation.ts'
import { useTRPC } from '#components/trpc/client.tsx'
import type { Reading } from '#components/trpc/failure.ts'
import { RestoreMeasure } from '#server/schema/backup.ts'
import { isLive } from '#server/schema/operation.ts'

export interface RestoreMeasuring {
  measure: RestoreMeasure | undefined
  isMeasuring: boolean
  /** Why there is no figure */
  problem: string | undefined
  /** Set when it could not even be asked */
  unasked: Reading | undefined
}

/** Has a worker compare, as soon as the dialog opens. */
export function useRestoreMeasure(vmId: string, recoveryPointId: string): RestoreMeasuring {
  const trpc = useTRPC()
  const { mutate, data, error, isPending } = useMutation(trpc.backup.measureRestore.mutationOptions())
  const begun = useRef(false)
  useEffect(() => {
    if (begun.current) return
    begun.current = true
    mutate({ vmId, recoveryPointId })
  }, [vmId, recoveryPointId, mutate])
  const operation = useOperation(data?.operationId ?? null)
  const state = operation.data?.state
  const measure = RestoreMeasure.safeParse(operation.data?.result).data
  const isAsking = isPending || operation.isFetching
  const failure = useKept(error ?? (measure ? null : operation.error), isAsking)
  return {
    measure,
    isMeasuring: !failure && (state === undefined || isLive(state)),
    problem: operation.data?.error?.message,
    unasked: failure
      ? {
          error: failure,
          isRefetching: isAsking,
          refetch: () => (data ? operation.refetch() : mutate({ vmId, recoveryPointId })),
        }
      : undefined,
  }
}

/** The last error, until what is asked again has been answered. */
function useKept<E>(error: E | null, isAsking: boolean): E | null {
  const [last, setLast] = useState(error)
  const kept = error ?? (isAsking ? last : null)
  if (kept !== last) setLast(kept)
  return kept
}
