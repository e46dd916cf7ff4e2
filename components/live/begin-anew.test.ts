import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { BeginAnew } from './begin-anew.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

/** A stream that is refused at once, each time it begins. */
function refused(anew: BeginAnew) {
  const startedAt = performance.now()
  const begunAtS: number[] = []
  const end = () =>
    anew.later(() => {
      begunAtS.push((performance.now() - startedAt) / 1000)
      end()
    })
  end()
  return { begunAtS, end }
}

test('what is refused for ever is asked for once a minute in the end', async () => {
  const { begunAtS } = refused(new BeginAnew())
  await vi.advanceTimersByTimeAsync(300_000)
  expect(begunAtS).toEqual([5, 15, 35, 75, 135, 195, 255])
})

test('what worked meanwhile begins soon again; two ends of one stream are one', async () => {
  const anew = new BeginAnew()
  const { begunAtS, end } = refused(anew)
  end()
  await vi.advanceTimersByTimeAsync(15_000)
  anew.worked()
  await vi.advanceTimersByTimeAsync(25_000)
  expect(begunAtS).toEqual([5, 15, 35, 40])
})

test('nothing begins once it is stopped', async () => {
  const anew = new BeginAnew()
  const { begunAtS } = refused(anew)
  anew.stop()
  await vi.advanceTimersByTimeAsync(100_000)
  expect(begunAtS).toEqual([])
})
