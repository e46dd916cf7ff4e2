'use client'

import { CircleCheck } from 'lucide-react'
import { failure } from '#components/trpc/failure.ts'
import { Card } from '#components/ui/card.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { Link } from '#components/ui/link.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { stateWord } from '#components/ui/state.ts'
import { StateIcon } from '#components/ui/state-icon.tsx'
import type { useAttention } from './use-attention.ts'

/** Nothing is wrong with what is merely to be done. */
const lookWord = { ...stateWord, off: 'To do' }

/** What is not as it should be, the worst first. */
export function AttentionCard({ items, error, hasBackups, refetch }: ReturnType<typeof useAttention>) {
  return (
    <Card title="Needs attention" isFlush className="xl:max-h-95">
      {error ? (
        <ErrorMessage variant="page" {...failure('This could not be read', error)} onRetry={refetch} />
      ) : !items ? (
        <SkeletonRows />
      ) : items.length === 0 ? (
        <EmptyState icon={<CircleCheck size={24} aria-hidden="true" />} title="Nothing does">
          Every host answers, no VM crashed, {hasBackups && 'backups are in time, '}and nothing failed in the last day.
        </EmptyState>
      ) : (
        <ul className="divide-y divide-line xl:max-h-84 xl:overflow-y-auto">
          {items.map((item) => (
            <li key={item.id} className="flex items-start gap-2.5 px-4 py-2 text-sm">
              <StateIcon state={item.look} label={lookWord[item.look]} className="mt-1" />
              <div className="min-w-0 flex-1">
                <p>
                  <Link href={item.href} tone="plain" className="font-medium">
                    {item.name}
                  </Link>{' '}
                  {item.text}
                </p>
                {item.detail && <p className="break-words text-xs text-ink-muted">{item.detail}</p>}
              </div>
              {item.at && (
                <span className="shrink-0 text-xs text-ink-faint">
                  <RelativeTime at={item.at} />
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
