import type { ReactNode } from 'react'
import { Button } from '#components/ui/button.tsx'
import { cx } from '#components/ui/class-name.ts'
import type { Reading } from './failure.ts'

export interface InlineUnreadProps {
  query: Reading
  /** What could not be read, as a sentence */
  children: ReactNode
  className?: string
}

/** In a line, that something could not be read: why, and a way to ask again. */
export function InlineUnread({ query, children, className }: InlineUnreadProps) {
  return (
    <div role="alert" className={cx('flex flex-wrap items-center gap-x-3 gap-y-1 text-ink', className)}>
      <span className="min-w-0 flex-1">
        {children} <span className="text-ink-muted">{query.error?.message}</span>
      </span>
      <Button size="sm" isPending={query.isRefetching} onPress={() => void query.refetch()}>
        Try again
      </Button>
    </div>
  )
}

/** Below the head of a page: whether something is at work on its subject is not known. */
export function UnreadNotice({ query }: { query: Reading }) {
  return (
    <InlineUnread query={query} className="mx-4 mb-3 rounded-md bg-failed-soft/60 px-3 py-2 text-sm">
      What is at work on it could not be read.
    </InlineUnread>
  )
}
