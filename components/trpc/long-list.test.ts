import { type InfiniteData, InfiniteQueryObserver, QueryClient } from '@tanstack/react-query'
import { expect, test } from 'vitest'
import { readNextPage, rowCount } from './long-list.ts'

test('a table has as many rows as are counted while there are more to read, then those that were read', () => {
  expect(rowCount({ hasNextPage: true }, 100, 301)).toBe(301)
  // Some that were read are counted no longer: the end must still be reached.
  expect(rowCount({ hasNextPage: true }, 1000, 1000)).toBe(1001)
  expect(rowCount({ hasNextPage: true }, 100)).toBe(101)
  // One that came since into a page that is not read again.
  expect(rowCount({ hasNextPage: false }, 300, 301)).toBe(300)
  expect(rowCount({ hasNextPage: false }, 0, 7)).toBe(0)
})

test('the next page waits for a reading under way, and does not break it off', async () => {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const waiting: (() => void)[] = []
  let truth = 'old'
  const queryKey = ['list']
  const observer = new InfiniteQueryObserver<string, Error, InfiniteData<string, number>, string[], number>(client, {
    queryKey,
    queryFn: ({ pageParam }) => {
      const read = `${truth} ${pageParam}`
      return new Promise<string>((resolve) => waiting.push(() => resolve(read)))
    },
    initialPageParam: 1,
    getNextPageParam: (_page, pages) => pages.length + 1,
    staleTime: Infinity,
  })
  observer.subscribe(() => undefined)
  const answer = async () => {
    for (const come of waiting.splice(0)) come()
    await new Promise((done) => setTimeout(done, 5))
  }
  const pages = () => observer.getCurrentResult().data?.pages
  try {
    await answer()
    expect(pages()).toEqual(['old 1'])
    const atRest = observer.getCurrentResult()
    truth = 'new'
    void client.invalidateQueries({ queryKey })
    readNextPage(observer.getCurrentResult())
    // A table that has not heard of the reading yet.
    readNextPage(atRest)
    expect(waiting).toHaveLength(1)
    await answer()
    expect(pages()).toEqual(['new 1'])

    readNextPage(observer.getCurrentResult())
    await answer()
    expect(pages()).toEqual(['new 1', 'new 2'])
  } finally {
    client.clear()
  }
})

test('what failed is not tried again by the list that shows it', () => {
  let asked = 0
  const failed = { hasNextPage: true, isFetching: false, fetchNextPage: () => asked++ }
  readNextPage({ ...failed, isError: true })
  expect(asked).toBe(0)
  readNextPage({ ...failed, isError: false })
  expect(asked).toBe(1)
})
