'use client'

import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useOperation } from '#components/operation/use-operation.ts'
import { useTRPC } from '#components/trpc/client.tsx'
import { RestoreMeasure } from '#server/schema/backup.ts'
import { isLive } from '#server/schema/operation.ts'

export interface RestoreMeasuring {
  measure: RestoreMeasure | undefined
  isMeasuring: boolean
  /** Why there is no figure */
  problem: string | undefined
}

/** Has a worker compare, as soon as the dialog opens. */
export function useRestoreMeasure(vmId: string, recoveryPointId: string): RestoreMeasuring {
  const trpc = useTRPC()
  const { mutate, data, error } = useMutation(trpc.backup.measureRestore.mutationOptions())
  const begun = useRef(false)
  useEffect(() => {
    if (begun.current) return
    begun.current = true
    mutate({ vmId, recoveryPointId })
  }, [vmId, recoveryPointId, mutate])
  const operation = useOperation(data?.operationId ?? null)
  const state = operation.data?.state
  const failure = error ?? operation.error
  return {
    measure: RestoreMeasure.safeParse(operation.data?.result).data,
    isMeasuring: !failure && (state === undefined || isLive(state)),
    problem: failure?.message ?? operation.data?.error?.message,
  }
}
