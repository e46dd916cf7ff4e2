import { expect, test } from 'vitest'
import { CopyMeter } from './copy-meter.ts'
import type { Progress } from './define.ts'

test('one bar over all disks: what is done never passes the whole, and the rest is of the whole', () => {
  const told: Progress[] = []
  const meter = new CopyMeter({ progress: (progress) => told.push(progress) }, 'writing')
  meter.expect(100)
  meter.expect(300)
  meter.at('vda')
  meter.add(100)
  meter.at('vdb')
  meter.add(100)
  meter.at('vdb')
  expect(told.map(({ phase, done, total }) => [phase, done, total])).toEqual([
    ['writing vda', 0, 400],
    ['writing vdb', 100, 400],
    ['writing vdb', 200, 400],
  ])
  const last = told.at(-1)
  expect(last?.remainingMs).toBeCloseTo((200 / (last?.ratePerSecond ?? 0)) * 1000)
})
