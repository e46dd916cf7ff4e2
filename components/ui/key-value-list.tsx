import type { ReactNode } from 'react'
import { cx } from './class-name.ts'
import { CopyButton } from './copy-button.tsx'

/** One fact. */
export interface KeyValue {
  label: string
  /** Nothing known is shown as a dash. */
  value: ReactNode
  /** Identifiers, addresses, URIs. */
  isMono?: boolean
  /** The text that a copy button puts on the clipboard. */
  copyText?: string
  /** Quieter, below the value. */
  note?: ReactNode
}

export interface KeyValueListProps {
  items: readonly KeyValue[]
  /** Side by side from 640 px up. */
  columns?: 1 | 2 | 3
  className?: string
}

const columnClass = { 1: '', 2: 'sm:grid-cols-2', 3: 'sm:grid-cols-2 xl:grid-cols-3' }

/** Facts about one thing, for overview cards. */
export function KeyValueList({ items, columns = 1, className }: KeyValueListProps) {
  return (
    <dl className={cx('grid gap-x-8', columnClass[columns], className)}>
      {items.map((item) => (
        <div
          key={item.label}
          className="group grid min-h-7 grid-cols-[minmax(88px,34%)_1fr] items-baseline gap-3 py-0.5"
        >
          <dt className="text-sm text-ink-faint">{item.label}</dt>
          <dd className="min-w-0 text-sm text-ink">
            <span className="flex min-w-0 items-center gap-1">
              <span className={cx('min-w-0 break-words', item.isMono && 'font-mono text-xs')}>
                {isMissing(item.value) ? <span className="text-ink-faint">–</span> : item.value}
              </span>
              {item.copyText && (
                <CopyButton
                  text={item.copyText}
                  label={item.label}
                  className="-my-1 opacity-0 focus-visible:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100"
                />
              )}
            </span>
            {item.note && <span className="block text-xs text-ink-faint">{item.note}</span>}
          </dd>
        </div>
      ))}
    </dl>
  )
}

function isMissing(value: ReactNode): boolean {
  return value === null || value === undefined || value === ''
}
