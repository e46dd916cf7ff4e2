import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Paced } from './paced.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

test('the first is done soon, those that follow together, no sooner than their time', () => {
  const paced = new Paced()
  const done: number[] = []
  const startedAt = performance.now()
  const ask = () => paced.run('list', 2000, () => done.push(performance.now() - startedAt))
  ask()
  ask()
  vi.advanceTimersByTime(100)
  ask()
  ask()
  vi.advanceTimersByTime(5000)
  expect(done).toEqual([50, 2050])
  ask()
  vi.advanceTimersByTime(60)
  expect(done).toHaveLength(3)
})

test('each name has its own time, and nothing is done once it is stopped', () => {
  const paced = new Paced()
  const done: string[] = []
  for (const name of ['list', 'counts']) paced.run(name, 2000, () => done.push(name))
  vi.advanceTimersByTime(50)
  expect(done).toEqual(['list', 'counts'])
  paced.run('list', 2000, () => done.push('again'))
  paced.stop()
  vi.advanceTimersByTime(5000)
  expect(done).toEqual(['list', 'counts'])
})
