import { type InfiniteData, keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { useTRPC, useTRPCClient } from '#components/trpc/client.tsx'
import { readNextPage } from '#components/trpc/long-list.ts'
import type { RowWindow } from '#components/ui/use-row-window.ts'
import { useStable } from '#components/ui/use-stable.ts'
import { listInput } from './fleet-query.ts'
import { isNear, keepRows, type ReadPage, rowsOf } from './vm-pages.ts'

/** As many as the server gives at once: a page that others have come into is longer than it was. */
const mostRows = 500
/** What was read for a filter that somebody typed, maybe on the way to another, is soon forgotten. */
export const keptFor = (filter: string) => (filter ? { gcTime: 30_000 } : {})

type Cursor = string | null | undefined

/**
 * The VMs that fit a filter, in order, page by page as they are asked for. Read again, only the pages in view are: the
 * others once they come into it. With a filter all are, for a row that no longer fits must not be acted on as one that
 * does. `onView` is to be told which rows are in view.
 */
export function useVmList(filter: string, sort: string) {
  const trpc = useTRPC()
  const api = useTRPCClient()
  const view = useRef<RowWindow>({ first: 0, end: 0 })
  const starts = useRef<readonly number[]>([])
  const input = listInput(filter, sort)
  const options = trpc.vm.list.infiniteQueryOptions(input, {
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
    // Each page keeps its rows by itself as it comes: all at once they take longer than a frame may.
    structuralSharing: false,
    ...keptFor(filter),
  })
  const list = useInfiniteQuery({
    ...options,
    queryFn: async ({ client, pageParam, signal }): Promise<ReadPage> => {
      const loaded: InfiniteData<ReadPage, Cursor> | undefined = client.getQueryData(options.queryKey)
      const at = loaded?.pageParams.findIndex((param) => (param ?? null) === (pageParam ?? null)) ?? -1
      const before = loaded?.pages[at]
      if (before && !filter && !isNear(starts.current, at, view.current)) return { ...before, isOld: true }
      const until = before && loaded?.pageParams[at + 1]
      const range = until ? { until, limit: mostRows } : {}
      const page = await api.vm.list.query({ ...input, cursor: pageParam, ...range }, { signal })
      return keepRows(before, { ...page, nextCursor: page.nextCursor ?? until ?? null })
    },
  })
  const { data, isFetching, isError, refetch, hasNextPage, fetchNextPage } = list
  const found = useMemo(() => rowsOf(data?.pages ?? []), [data])
  useLayoutEffect(() => {
    starts.current = found.starts
  }, [found])

  const readWhatIsOld = useCallback(() => {
    const isOld = (page: ReadPage, at: number) => page.isOld && isNear(starts.current, at, view.current)
    if (data?.pages.some(isOld)) void refetch({ cancelRefetch: false })
  }, [data, refetch])
  useEffect(() => {
    if (!isFetching && !isError) readWhatIsOld()
  }, [isFetching, isError, readWhatIsOld])
  const onView = useStable((first: number, end: number) => {
    view.current = { first, end }
    readWhatIsOld()
  })
  const onEndReached = useCallback(
    () => readNextPage({ hasNextPage, isFetching, isError, fetchNextPage }),
    [hasNextPage, isFetching, isError, fetchNextPage],
  )

  const asked = `${sort} ${filter}`
  const lastAsked = useRef(asked)
  useLayoutEffect(() => {
    // The table goes to the top for it, after the first reading.
    if (lastAsked.current !== asked) view.current = { first: 0, end: view.current.end - view.current.first }
    lastAsked.current = asked
  }, [asked])
  const [shown, setShown] = useState(asked)
  if (!list.isPlaceholderData && shown !== asked) setShown(asked)
  return { ...list, rows: found.rows, rowsOf: shown, onView, onEndReached }
}
