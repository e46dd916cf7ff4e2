'use client'

import { useId } from 'react'
import { cx } from './class-name.ts'
import { XmlText } from './code-block.tsx'

export interface CodeEditorProps {
  label: string
  value: string
  onChange: (value: string) => void
  isReadOnly?: boolean
  isDisabled?: boolean
  /** From 1; marked in the margin. */
  errorLine?: number
  error?: string
  className?: string
}

/** XML to edit: line numbers and colours over a plain text area, which keeps the browser's undo, search and Tab. */
export function CodeEditor(props: CodeEditorProps) {
  const { label, value, onChange, isReadOnly, isDisabled, errorLine, error, className } = props
  const id = useId()
  const lineCount = value.split('\n').length
  return (
    <div className={cx('flex min-h-0 min-w-0 flex-col gap-1', className)}>
      <div
        className={cx(
          'relative min-h-0 flex-1 overflow-auto rounded-md border bg-surface font-mono text-xs leading-5 focus-within:border-focus focus-within:focus-ring focus-within:-outline-offset-1',
          error ? 'border-failed' : 'border-line-strong',
          isDisabled && 'opacity-60',
        )}
      >
        <div className="grid min-h-full w-max min-w-full grid-cols-[auto_1fr]">
          <div
            aria-hidden="true"
            className="sticky left-0 z-1 select-none border-r border-line bg-canvas py-2 pr-2 pl-3 text-right text-ink-faint"
          >
            {Array.from({ length: lineCount }, (_, index) => index + 1).map((line) => (
              <div key={line} className={line === errorLine ? 'font-medium text-failed' : undefined}>
                {line === errorLine ? `▸ ${line}` : line}
              </div>
            ))}
          </div>
          <div className="relative">
            <pre aria-hidden="true" className="pointer-events-none min-h-full py-2 pr-4 pl-3 text-ink">
              <XmlText source={value} />
              {'\n'}
            </pre>
            <textarea
              aria-label={label}
              aria-invalid={error ? true : undefined}
              aria-describedby={error ? `${id}-error` : undefined}
              value={value}
              onChange={(event) => onChange(event.target.value)}
              readOnly={isReadOnly}
              disabled={isDisabled}
              spellCheck={false}
              autoCapitalize="off"
              wrap="off"
              className="absolute inset-0 resize-none overflow-hidden whitespace-pre bg-transparent py-2 pr-4 pl-3 text-transparent caret-ink outline-none focus-visible:outline-none"
            />
          </div>
        </div>
      </div>
      {error && (
        <p id={`${id}-error`} role="alert" className="text-xs text-failed">
          {errorLine ? `Line ${errorLine}: ` : ''}
          {error}
        </p>
      )}
    </div>
  )
}
