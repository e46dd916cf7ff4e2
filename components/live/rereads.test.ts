import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Rereads } from './rereads.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

/** A query in use, which was read once; each further reading waits until it is answered. */
function shownQuery() {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity } } })
  const answers: ((answer: string) => void)[] = []
  const observer = new QueryObserver(client, {
    queryKey: [['vm', 'list']],
    queryFn: () => new Promise<string>((resolve) => answers.push(resolve)),
    initialData: 'before the break',
  })
  observer.subscribe(() => undefined)
  return { rereads: new Rereads(client), answers, shown: () => observer.getCurrentResult().data }
}

test('a reading that hangs on a lost line does not hold back for long that all is read anew', async () => {
  const { rereads, answers, shown } = shownQuery()
  rereads.everything()
  await vi.advanceTimersByTimeAsync(1_000)
  rereads.everything()
  await vi.advanceTimersByTimeAsync(5_000)
  expect(answers).toHaveLength(2)
  answers[1]?.('after the break')
  await vi.advanceTimersByTimeAsync(100)
  expect(shown()).toBe('after the break')
  await vi.advanceTimersByTimeAsync(10_000)
  expect(answers).toHaveLength(2)
})

test('a slow reading of all is not broken off by the next: it comes, and then all is read once more', async () => {
  const { rereads, answers, shown } = shownQuery()
  for (let turn = 0; turn < 6; turn++) {
    rereads.everything()
    await vi.advanceTimersByTimeAsync(500)
  }
  expect(answers).toHaveLength(1)
  answers[0]?.('in the break')
  await vi.advanceTimersByTimeAsync(100)
  expect(shown()).toBe('in the break')
  expect(answers).toHaveLength(2)
})
