'use client'

import { type ReactNode, useState } from 'react'
import { Button } from './button.tsx'
import { DialogBody, DialogFrame } from './dialog.tsx'
import { ErrorMessage, type ErrorMessageProps } from './error-message.tsx'
import { TextField } from './text-field.tsx'

/** Something that is lost together with the thing in question. */
export interface GoesWith {
  label: string
  /** How much, how old, where. */
  detail?: string
}

export interface ConfirmDialogProps extends ConfirmBodyProps {
  isOpen: boolean
  /** A question: "Delete web-1?" */
  title: string
}

export interface ConfirmBodyProps {
  onOpenChange: (isOpen: boolean) => void
  /** What will happen, in a sentence. */
  children?: ReactNode
  /** Its verb: "Delete" */
  confirmLabel: string
  onConfirm: () => void
  /** `danger` for what can't be undone. */
  tone?: 'danger' | 'primary'
  /** The name that has to be typed before the button works. */
  typedName?: string
  /** Everything else that goes. */
  goesWith?: readonly GoesWith[]
  isPending?: boolean
  /** Why it can't be confirmed yet. */
  disabledReason?: string | undefined
  error?: Pick<ErrorMessageProps, 'title' | 'message' | 'whatToDo' | 'requestId'>
}

/** Asks before something that matters. Cancel has the focus. */
export function ConfirmDialog({ isOpen, title, ...body }: ConfirmDialogProps) {
  return (
    <DialogFrame isOpen={isOpen} onOpenChange={body.onOpenChange} title={title} size="sm" role="alertdialog">
      <ConfirmBody {...body} />
    </DialogFrame>
  )
}

/** The same without its frame, for a dialog that is there before what it asks is known. */
export function ConfirmBody(props: ConfirmBodyProps) {
  return (
    <DialogBody footer={<ConfirmFooter {...props} />}>
      <div className="flex flex-col gap-3 text-sm text-ink-muted">
        {props.children}
        {props.goesWith && props.goesWith.length > 0 && (
          <div>
            <p className="mb-1 text-xs font-medium text-ink">Goes with it</p>
            <ul className="divide-y divide-line rounded-md border border-line">
              {props.goesWith.map((thing) => (
                <li key={thing.label} className="flex justify-between gap-3 px-2.5 py-1.5 text-xs">
                  <span className="min-w-0 truncate text-ink">{thing.label}</span>
                  {thing.detail && <span className="shrink-0 text-ink-faint">{thing.detail}</span>}
                </li>
              ))}
            </ul>
          </div>
        )}
        {props.error && <ErrorMessage {...props.error} />}
      </div>
    </DialogBody>
  )
}

function ConfirmFooter(props: ConfirmBodyProps) {
  const [typed, setTyped] = useState('')
  const isTyped = props.typedName === undefined || typed.trim() === props.typedName
  const tone = props.tone ?? 'danger'
  return (
    <form
      className="flex w-full flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (isTyped && !props.disabledReason && !props.isPending) props.onConfirm()
      }}
    >
      {props.typedName !== undefined && (
        <TextField
          label={`Type ${props.typedName} to confirm`}
          value={typed}
          onChange={setTyped}
          isMono
          isDisabled={props.isPending}
        />
      )}
      <div className="flex justify-end gap-2">
        <Button autoFocus onPress={() => props.onOpenChange(false)}>
          Cancel
        </Button>
        <Button
          type="submit"
          variant={tone}
          isPending={props.isPending}
          disabledReason={props.disabledReason ?? (isTyped ? undefined : `Type ${props.typedName} first`)}
        >
          {props.confirmLabel}
        </Button>
      </div>
    </form>
  )
}
