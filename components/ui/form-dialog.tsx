'use client'

import { type ReactNode, useId } from 'react'
import { Button } from './button.tsx'
import { DialogBody, DialogFrame, type DialogProps } from './dialog.tsx'

export interface FormDialogProps extends Pick<DialogProps, 'title' | 'description' | 'size'>, FormBodyProps {}

export interface FormBodyProps extends Pick<DialogProps, 'footerNote' | 'children'> {
  submitLabel: ReactNode
  tone?: 'primary' | 'danger'
  isPending: boolean
  /** Why it can't be sent now */
  disabledReason?: string | undefined
  /** Not filled in yet, which needs no words */
  isIncomplete?: boolean
  /** What was asked for has been done: nothing is left but to close */
  isDone?: boolean
  /** Called only with what can be sent */
  onSubmit: () => void
  onClose: () => void
}

/** A dialog that asks for something and sends it: Cancel, and a button that says what will be done. */
export function FormDialog({ title, description, size, ...body }: FormDialogProps) {
  return (
    <DialogFrame
      isOpen
      onOpenChange={(isOpen) => !isOpen && body.onClose()}
      title={title}
      description={description}
      size={size ?? 'md'}
    >
      <FormBody {...body} />
    </DialogFrame>
  )
}

/** The same without its frame, for a dialog that is there before what it asks is known. */
export function FormBody(props: FormBodyProps) {
  const { submitLabel, tone = 'primary', isPending, disabledReason, onSubmit, onClose } = props
  const { isIncomplete = false, isDone = false } = props
  const formId = useId()
  return (
    <DialogBody
      footerNote={props.footerNote}
      footer={
        isDone ? (
          <Button variant="primary" onPress={onClose}>
            Done
          </Button>
        ) : (
          <>
            <Button onPress={onClose}>Cancel</Button>
            <Button
              variant={tone}
              type="submit"
              form={formId}
              isPending={isPending}
              isDisabled={isIncomplete}
              disabledReason={disabledReason}
            >
              {submitLabel}
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
          if (!isIncomplete && !disabledReason && !isPending && !isDone) onSubmit()
        }}
      >
        {props.children}
      </form>
    </DialogBody>
  )
}
