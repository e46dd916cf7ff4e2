'use client'

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { PowerConfirmDialog } from '#components/vm/power-dialog.tsx'
import { toastRefusal } from '#components/vm/refusal.ts'
import { isLive, type OperationRow } from '#server/schema/operation.ts'
import { isMeasuring, operationTarget, operationWord } from './operation-words.ts'

/** What can be done about an operation: cancel it, try it again, or what its error offers. */
export function OperationActions({ operation }: { operation: OperationRow }) {
  const trpc = useTRPC()
  const cancel = useMutation(trpc.operation.cancel.mutationOptions({ onError: toastRefusal }))
  const retry = useMutation(trpc.operation.retry.mutationOptions({ onError: toastRefusal }))
  const cleanUp = useMutation(trpc.operation.cleanUp.mutationOptions({ onError: toastRefusal }))
  const [isForcing, setForcing] = useState(false)
  const what = `${operationWord(operation)} ${operationTarget(operation)}`
  if (isLive(operation.state)) {
    const isStopping = operation.state === 'cancelling'
    return (
      <Button
        size="sm"
        variant="quiet"
        label={isStopping ? `${what} is being cancelled` : `Cancel: ${what}`}
        isPending={cancel.isPending || isStopping}
        onPress={() => cancel.mutate({ id: operation.id })}
      >
        {isStopping ? 'Cancelling' : 'Cancel'}
      </Button>
    )
  }
  if (operation.state === 'succeeded' || isMeasuring(operation.kind)) return null
  return (
    <>
      {operation.error?.offer === 'force-off' && (
        <Button size="sm" label={`Force ${operation.targetName} off`} onPress={() => setForcing(true)}>
          Force off…
        </Button>
      )}
      {(operation.error?.left?.length ?? 0) > 0 && (
        <Button
          size="sm"
          label={`Clean up after: ${what}`}
          isPending={cleanUp.isPending}
          onPress={() => cleanUp.mutate({ id: operation.id })}
        >
          Clean up
        </Button>
      )}
      <Button
        size="sm"
        variant="quiet"
        label={`Try again: ${what}`}
        isPending={retry.isPending}
        onPress={() => retry.mutate({ id: operation.id })}
      >
        Try again
      </Button>
      {isForcing && (
        <PowerConfirmDialog
          vm={{ id: operation.targetId, name: operation.targetName }}
          action="force-off"
          onClose={() => setForcing(false)}
        />
      )}
    </>
  )
}
