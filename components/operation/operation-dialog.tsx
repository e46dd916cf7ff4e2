'use client'

import { type ReactNode, useId } from 'react'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage, type ErrorMessageProps } from '#components/ui/error-message.tsx'
import { isLive } from '#server/schema/operation.ts'
import { OperationLine } from './operation-line.tsx'
import { useOperation } from './use-operation.ts'

export interface OperationDialogProps {
  title: string
  description?: string
  submitLabel: string
  /** What was begun by it, once it was */
  operationId: string | undefined
  isPending: boolean
  /** Not filled in yet, which needs no words */
  isIncomplete: boolean
  /** Why nothing was begun */
  error: ErrorMessageProps | undefined
  children: (isDone: boolean) => ReactNode
  /** Called only with what can be sent */
  onSubmit: () => void
  onClose: () => void
}

/** A dialog that asks for something a worker does: the operation shows below what was asked, until it is done. */
export function OperationDialog(props: OperationDialogProps) {
  const { onClose, isIncomplete } = props
  const formId = useId()
  const operation = useOperation(props.operationId ?? null).data
  const isDone = operation?.state === 'succeeded'
  const isAtWork = props.isPending || (operation ? isLive(operation.state) : false)
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={props.title}
      description={props.description}
      size="lg"
      footer={
        isDone ? (
          <Button variant="primary" onPress={onClose}>
            Done
          </Button>
        ) : (
          <>
            <Button onPress={onClose}>Cancel</Button>
            <Button variant="primary" type="submit" form={formId} isPending={isAtWork} isDisabled={isIncomplete}>
              {props.submitLabel}
            </Button>
          </>
        )
      }
    >
      <form
        id={formId}
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          if (!isIncomplete && !isAtWork && !isDone) props.onSubmit()
        }}
      >
        {props.children(isDone)}
        {operation && (
          <ul className="rounded-md border border-line">
            <OperationLine operation={operation} />
          </ul>
        )}
        {props.error && <ErrorMessage {...props.error} />}
      </form>
    </Dialog>
  )
}
