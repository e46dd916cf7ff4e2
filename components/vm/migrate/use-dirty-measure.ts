'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { isLive } from '#server/schema/operation.ts'

export interface DirtyMeasuring {
  isMeasuring: boolean
  /** Why there is no fresh figure */
  problem: string | undefined
}

/** Measures how fast the guest changes its memory as soon as the dialog opens, and reads the preview again after it. */
export function useDirtyMeasure(vmId: string, canMeasure: true | string | undefined): DirtyMeasuring {
  const trpc = useTRPC()
  const client = useQueryClient()
  const { mutate, data, error, isPending } = useMutation(trpc.vm.measure.mutationOptions())
  const begun = useRef(false)
  useEffect(() => {
    if (canMeasure !== true || begun.current) return
    begun.current = true
    mutate({ id: vmId })
  }, [canMeasure, vmId, mutate])

  const operation = useQuery({
    ...trpc.operation.get.queryOptions({ id: data?.operationId ?? vmId }),
    enabled: data !== undefined,
  })
  const state = operation.data?.state
  const isOver = state !== undefined && !isLive(state)
  const previewKey = trpc.vm.migratePreview.queryKey({ id: vmId })
  const previewKeyText = JSON.stringify(previewKey)
  useEffect(() => {
    if (isOver) void client.invalidateQueries({ queryKey: JSON.parse(previewKeyText) })
  }, [isOver, client, previewKeyText])

  return {
    isMeasuring: isPending || (data !== undefined && !isOver && !operation.error),
    problem: error?.message ?? operation.data?.error?.message,
  }
}
