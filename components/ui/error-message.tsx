'use client'

import { RotateCw } from 'lucide-react'
import { Button } from './button.tsx'
import { cx } from './class-name.ts'
import { CopyButton } from './copy-button.tsx'
import { revealInDialog } from './reveal.ts'
import { StateIcon } from './state-icon.tsx'

export interface ErrorMessageProps {
  /** What was being done, e.g. "web-01 could not be started". */
  title: string
  /** What went wrong. */
  message?: string
  /** What the other side said, word for word. */
  detail?: string
  /** The way out. */
  whatToDo?: string
  requestId?: string
  onRetry?: () => void
  isRetrying?: boolean
  /** `page` stands in place of a whole list or page. */
  variant?: 'inline' | 'page'
  className?: string
}

/** An error that says what to do next. */
export function ErrorMessage(props: ErrorMessageProps) {
  const { title, message, detail, whatToDo, requestId, onRetry, isRetrying, variant = 'inline', className } = props
  const isPage = variant === 'page'
  return (
    <div
      ref={revealInDialog}
      role="alert"
      className={cx(
        'flex gap-2.5 text-sm',
        isPage ? 'flex-col items-center px-6 py-12 text-center' : 'items-start rounded-md bg-failed-soft/60 p-3',
        className,
      )}
    >
      <StateIcon state="failed" sizePx={isPage ? 20 : 14} className="mt-0.75" />
      <div className={cx('min-w-0', isPage ? 'max-w-120' : 'flex-1')}>
        <p className="font-medium text-ink">{title}</p>
        {message && <p className="break-words text-ink-muted">{message}</p>}
        {detail && <p className="whitespace-pre-line break-words font-mono text-ink-muted text-xs">{detail}</p>}
        {whatToDo && <p className="mt-1 text-ink">{whatToDo}</p>}
        {requestId && (
          <p className={cx('mt-1 flex items-center gap-1 text-xs text-ink-muted', isPage && 'justify-center')}>
            Request <code className="font-mono">{requestId}</code>
            <CopyButton text={requestId} label="request id" />
          </p>
        )}
        {onRetry && (
          <Button
            size="sm"
            onPress={onRetry}
            isPending={isRetrying}
            icon={<RotateCw size={13} aria-hidden="true" />}
            className="mt-2"
          >
            Try again
          </Button>
        )}
      </div>
    </div>
  )
}
