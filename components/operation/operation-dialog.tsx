'use client'

import type { ReactNode } from 'react'
import { ErrorMessage, type ErrorMessageProps } from '#components/ui/error-message.tsx'
import { FormDialog, type FormDialogProps } from '#components/ui/form-dialog.tsx'
import { revealInDialog } from '#components/ui/reveal.ts'
import { isLive } from '#server/schema/operation.ts'
import { OperationFailure } from './operation-failure.tsx'
import { OperationLine } from './operation-line.tsx'
import { operationTarget, operationWord } from './operation-words.ts'
import { useOperation } from './use-operation.ts'

export interface OperationDialogProps
  extends Pick<FormDialogProps, 'title' | 'description' | 'submitLabel' | 'isPending' | 'isIncomplete'> {
  /** What was begun by it, once it was */
  operationId: string | undefined
  /** Why nothing was begun */
  error: ErrorMessageProps | undefined
  children: (isDone: boolean) => ReactNode
  /** Called only with what can be sent */
  onSubmit: () => void
  onClose: () => void
}

/** A dialog that asks for something a worker does: the operation shows below what was asked, until it is done. */
export function OperationDialog({ operationId, isPending, error, children, ...form }: OperationDialogProps) {
  const operation = useOperation(operationId ?? null).data
  const isDone = operation?.state === 'succeeded'
  const isAtWork = isPending || (operation ? isLive(operation.state) : false)
  const leftCount = operation?.error?.left?.length ?? 0
  return (
    <FormDialog {...form} size="lg" isPending={isAtWork} isDone={isDone}>
      {children(isDone)}
      {/* Tried again by what is asked above, as it has been corrected, not as it was. */}
      {operation && (
        <OperationFailure
          title={`${operationWord(operation)} ${operationTarget(operation)}: it failed`}
          operation={operation}
        />
      )}
      {operation && (operation.state !== 'failed' || leftCount > 0) && (
        <ul ref={revealInDialog} className="rounded-md border border-line">
          <OperationLine operation={operation} />
        </ul>
      )}
      {error && <ErrorMessage {...error} />}
    </FormDialog>
  )
}
