import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Paced } from './paced.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

/** Work that takes so long, and when each turn of it began. */
function takes(ms: number) {
  const startedAt = performance.now()
  const begun: number[] = []
  const work = async () => {
    begun.push(performance.now() - startedAt)
    if (ms > 0) await new Promise((done) => setTimeout(done, ms))
  }
  return { begun, work }
}

test('the first is done soon, those that follow together, no sooner than their time', async () => {
  const paced = new Paced()
  const { begun, work } = takes(0)
  const ask = () => paced.run('list', 2000, work)
  ask()
  ask()
  await vi.advanceTimersByTimeAsync(100)
  ask()
  ask()
  await vi.advanceTimersByTimeAsync(5000)
  expect(begun).toEqual([50, 2050])
  ask()
  await vi.advanceTimersByTimeAsync(60)
  expect(begun).toHaveLength(3)
})

test('what is slower than its pace is never done twice at once, and once more for all that was asked meanwhile', async () => {
  const paced = new Paced()
  const { begun, work } = takes(700)
  for (let turn = 0; turn < 10; turn++) {
    paced.run('list', 250, work)
    await vi.advanceTimersByTimeAsync(100)
  }
  // Begun at 50, through at 750, once more at 800: then nobody asks any longer.
  await vi.advanceTimersByTimeAsync(5000)
  expect(begun).toEqual([50, 800, 1550])
})

test('what fails is done again when it is asked for', async () => {
  const paced = new Paced()
  let turns = 0
  const fail = async () => {
    turns++
    throw new Error('no line')
  }
  for (let turn = 0; turn < 2; turn++) {
    paced.run('list', 250, fail)
    await vi.advanceTimersByTimeAsync(1000)
  }
  expect(turns).toBe(2)
})

test('each name has its own time, and nothing is done once it is stopped', async () => {
  const paced = new Paced()
  const list = takes(500)
  const counts = takes(0)
  paced.run('list', 2000, list.work)
  paced.run('counts', 2000, counts.work)
  await vi.advanceTimersByTimeAsync(50)
  expect([list.begun, counts.begun]).toEqual([[50], [50]])
  paced.run('list', 2000, list.work)
  paced.run('counts', 2000, counts.work)
  paced.stop()
  await vi.advanceTimersByTimeAsync(5000)
  expect([list.begun, counts.begun]).toEqual([[50], [50]])
})
