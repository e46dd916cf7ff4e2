'use client'

import { useInfiniteQuery } from '@tanstack/react-query'
import { type RefObject, useEffect, useRef } from 'react'
import { OperationLine } from '#components/operation/operation-line.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure, unread } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { useVm } from '../use-vm.ts'
import { eventWords } from './event-words.ts'

/** What happened to the VM (as the hypervisor told it) and what was done to it. */
export function VmEvents() {
  return (
    <div className="grid items-start gap-4 2xl:grid-cols-2">
      <WhatHappened />
      <WhatWasDone />
    </div>
  )
}

function WhatHappened() {
  const vm = useVm()
  const trpc = useTRPC()
  const query = useInfiniteQuery(
    trpc.vm.events.infiniteQueryOptions({ id: vm.id }, { getNextPageParam: (page) => page.next }),
  )
  const failed = unread(query)
  const list = useRef<HTMLOListElement>(null)
  const events = query.data?.pages.flatMap((page) => page.items)
  return (
    <Card title="What happened" isFlush>
      {failed && <ErrorMessage {...pageFailure('Events could not be read', failed)} />}
      {query.isPending && <SkeletonRows rows={6} label="Loading what happened" />}
      {events?.length === 0 && (
        <EmptyState title="Nothing yet">
          Starts, stops, moves and changes show here as the host reports them.
        </EmptyState>
      )}
      <ol ref={list} aria-label="What happened, newest first" className="divide-y divide-line">
        {events?.map((event) => {
          const { what, more } = eventWords(event)
          return (
            <li key={event.id} className="flex items-baseline gap-3 px-4 py-1.5 text-sm">
              <span className="w-28 shrink-0 text-xs text-ink-faint">
                <RelativeTime at={event.at} />
              </span>
              <span className="shrink-0 font-medium">{what}</span>
              <span className="min-w-0 truncate text-ink-muted">{more}</span>
            </li>
          )
        })}
      </ol>
      <ShowMore of="what happened" list={list} query={query} />
    </Card>
  )
}

function WhatWasDone() {
  const vm = useVm()
  const trpc = useTRPC()
  const query = useInfiniteQuery(
    trpc.operation.list.infiniteQueryOptions({ targetId: vm.id, limit: 30 }, { getNextPageParam: (page) => page.next }),
  )
  const failed = unread(query)
  const list = useRef<HTMLUListElement>(null)
  const operations = query.data?.pages.flatMap((page) => page.items)
  return (
    <Card title="What was done" isFlush>
      {failed && <ErrorMessage {...pageFailure('Operations could not be read', failed)} />}
      {query.isPending && <SkeletonRows rows={6} label="Loading what was done" />}
      {operations?.length === 0 && (
        <EmptyState title="Nothing was done from here yet">Every operation on this VM is kept here.</EmptyState>
      )}
      <ul ref={list} aria-label="What was done, newest first">
        {operations?.map((operation) => (
          <OperationLine key={operation.id} operation={operation} />
        ))}
      </ul>
      <ShowMore of="what was done" list={list} query={query} />
    </Card>
  )
}

interface ShowMoreProps {
  /** What more of is shown */
  of: string
  list: RefObject<HTMLElement | null>
  query: {
    hasNextPage: boolean
    isFetching: boolean
    isFetchingNextPage: boolean
    isFetchNextPageError: boolean
    refetch: (options: { cancelRefetch: boolean }) => Promise<unknown>
    fetchNextPage: (options: { cancelRefetch: boolean }) => Promise<{ isFetchNextPageError: boolean }>
  }
}

/**
 * Below a list that goes on. Its button may go with the last page, so the focus goes on to the first line that came; not
 * if somebody has put it elsewhere meanwhile.
 */
function ShowMore({ of, list, query }: ShowMoreProps) {
  const last = useRef<Element>(null)
  const block = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const next = last.current?.nextElementSibling
    if (!(next instanceof HTMLElement)) return
    last.current = null
    const focused = document.activeElement
    if (focused !== document.body && !block.current?.contains(focused)) return
    next.tabIndex = -1
    next.focus()
  })
  const showMore = async () => {
    last.current = list.current?.lastElementChild ?? null
    // A reading under way would be broken off.
    if (query.isFetching) await query.refetch({ cancelRefetch: false })
    const { isFetchNextPageError } = await query.fetchNextPage({ cancelRefetch: false })
    if (isFetchNextPageError) last.current = null
  }
  if (!query.hasNextPage) return null
  return (
    <div ref={block} className="flex items-center gap-3 border-line border-t px-4 py-2">
      <Button
        size="sm"
        label={`Show more of ${of}`}
        isPending={query.isFetchingNextPage}
        onPress={() => void showMore()}
      >
        Show more
      </Button>
      {query.isFetchNextPageError && (
        <span role="alert" className="text-failed text-xs">
          Older ones could not be read. Try again.
        </span>
      )}
    </div>
  )
}
