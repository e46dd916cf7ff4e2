'use client'

import { Button as AriaButton, Dialog as AriaDialog, DialogTrigger, Popover } from 'react-aria-components'
import type { Reading } from '#components/trpc/failure.ts'
import { InlineUnread } from '#components/trpc/unread-notice.tsx'
import { Button } from '#components/ui/button.tsx'
import { cx } from '#components/ui/class-name.ts'
import { formatAbsoluteTime } from '#components/ui/format.ts'
import { Link } from '#components/ui/link.tsx'
import { popoverClassName } from '#components/ui/popover-class.ts'
import { type Gathered, gathered, type Span } from './timeline-place.ts'

export interface Mark {
  id: string
  atMs: number
  title: string
  /** What it is, and what getting it back takes */
  lines: string[]
  action?: { label: string; disabledReason: string | undefined; onPress: () => void } | undefined
  href?: string
}

export interface Lane {
  label: string
  tone: string
  marks: Mark[]
  /** Set when its marks could not be read */
  unread?: Reading | undefined
}

/** One kind of what the VM can go back to, each where its time stands on the axis. */
export function TimelineLane({ lane, span }: { lane: Lane; span: Span }) {
  return (
    <div className="grid grid-cols-[72px_minmax(0,1fr)] items-center gap-3">
      <span className="text-ink-muted text-xs">{lane.label}</span>
      {lane.unread ? (
        <InlineUnread query={lane.unread} className="min-h-7 border-line border-b pb-1 text-xs">
          They could not be read.
        </InlineUnread>
      ) : (
        <ul aria-label={lane.label} className="relative h-7 border-line border-b">
          {/* By its own width no mark leaves the line: at its ends it lies within, in the middle upon its time. */}
          {gathered(lane.marks, span).map((group) => (
            <li
              key={group.marks[0]?.id}
              className="absolute top-1"
              style={{ left: `${group.place * 100}%`, translate: `${group.place * -100}%` }}
            >
              <TimelineMark lane={lane} group={group} />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function TimelineMark({ lane, group }: { lane: Lane; group: Gathered<Mark> }) {
  const [first] = group.marks
  if (!first) return null
  const count = group.marks.length
  const name = count === 1 ? first.title : `${count} of them`
  return (
    <DialogTrigger>
      <AriaButton
        aria-label={`${lane.label}: ${name}, ${formatAbsoluteTime(first.atMs)}`}
        className={cx(
          'flex h-5 min-w-3 items-center justify-center rounded-sm px-1 font-medium text-[11px] text-accent-ink tabular-nums outline-none data-focus-visible:focus-ring data-focus-visible:outline-offset-1',
          lane.tone,
        )}
      >
        {count > 1 ? count : ''}
      </AriaButton>
      <Popover offset={6} className={cx(popoverClassName, 'max-h-80 w-72')}>
        <AriaDialog aria-label={`${lane.label}: ${name}`} className="outline-none">
          {({ close }) => (
            <ul className="divide-y divide-line">
              {group.marks.map((mark) => (
                <li key={mark.id} className="flex flex-col gap-1 p-2 text-sm">
                  <span className="font-medium">{mark.title}</span>
                  <span className="text-ink-muted text-xs">{formatAbsoluteTime(mark.atMs)}</span>
                  {mark.lines.map((line) => (
                    <span key={line} className="text-xs">
                      {line}
                    </span>
                  ))}
                  {mark.action && (
                    <Button
                      size="sm"
                      className="self-start"
                      disabledReason={mark.action.disabledReason}
                      onPress={() => {
                        close()
                        mark.action?.onPress()
                      }}
                    >
                      {mark.action.label}
                    </Button>
                  )}
                  {mark.href && <Link href={mark.href}>See it among the snapshots</Link>}
                </li>
              ))}
            </ul>
          )}
        </AriaDialog>
      </Popover>
    </DialogTrigger>
  )
}
