import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { afterEach, expect, test } from 'vitest'
import { isAbout, readAgain, readAllAgain } from './read-again.ts'

const clients: QueryClient[] = []
afterEach(() => {
  for (const client of clients.splice(0)) client.clear()
})

/** A query in use whose readings wait until they are answered, each with what is so at the time when it is asked. */
function slowReading(queryKey = [['operation', 'get'], { input: { id: 'a' } }] as const) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  clients.push(client)
  const waiting: (() => void)[] = []
  let truth = 'running'
  const queryFn = () => {
    const read = truth
    return new Promise<string>((resolve) => waiting.push(() => resolve(read)))
  }
  const observer = new QueryObserver(client, { queryKey, queryFn, staleTime: Infinity })
  const stop = observer.subscribe(() => undefined)
  return {
    client,
    stop,
    change: (to: string) => {
      truth = to
    },
    answer: async () => {
      waiting.shift()?.()
      await new Promise((done) => setTimeout(done, 5))
    },
    waiting,
    shown: () => observer.getCurrentResult().data,
  }
}

test('what changes while it is read for the first time is read once more', async () => {
  const { client, change, answer, waiting, shown } = slowReading()
  change('succeeded')
  const through = readAgain(client, { queryKey: [['operation']] })
  await answer()
  expect(shown()).toBe('running')
  await answer()
  await through
  expect(shown()).toBe('succeeded')
  expect(waiting).toHaveLength(0)
})

test('a reading under way is left to come, and is what is shown until the next has come', async () => {
  const { client, change, answer, waiting, shown } = slowReading()
  await answer()
  const first = readAgain(client, { queryKey: [['operation']] })
  change('half')
  const second = readAgain(client, { queryKey: [['operation']] })
  expect(waiting).toHaveLength(1)
  await answer()
  expect(shown()).toBe('running')
  await answer()
  await Promise.all([first, second])
  expect(shown()).toBe('half')
})

test('all readings start anew after a break, and a first one is followed by another', async () => {
  const { client, change, answer, waiting, shown } = slowReading()
  await answer()
  void readAgain(client, {})
  expect(waiting).toHaveLength(1)
  change('succeeded')
  const through = readAllAgain(client)
  expect(waiting).toHaveLength(2)
  await answer()
  expect(shown()).toBe('running')
  await answer()
  await through
  expect(shown()).toBe('succeeded')

  const other = slowReading()
  other.change('succeeded')
  const otherThrough = readAllAgain(other.client)
  await other.answer()
  await other.answer()
  await otherThrough
  expect(other.shown()).toBe('succeeded')
})

test('what nobody uses is read when it is used', async () => {
  const { client, answer, waiting, stop } = slowReading()
  await answer()
  stop()
  await readAgain(client, { queryKey: [['operation']] })
  expect(waiting).toHaveLength(0)
  expect(client.getQueryState([['operation', 'get'], { input: { id: 'a' } }])?.isInvalidated).toBe(true)
})

test('queries are picked by their procedure and what they are about', () => {
  const picks = isAbout([[['vm', 'get']], [['snapshot', 'list']]], new Set(['a', 'b']))
  const key = (path: string[], input?: object) => ({ queryKey: [path, input && { input, type: 'query' }] })
  expect(picks(key(['vm', 'get'], { id: 'a' }))).toBe(true)
  expect(picks(key(['snapshot', 'list'], { vmId: 'b' }))).toBe(true)
  expect(picks(key(['vm', 'get'], { id: 'c' }))).toBe(false)
  expect(picks(key(['vm', 'list'], { id: 'a' }))).toBe(false)
  expect(picks(key(['vm', 'get']))).toBe(false)
})
