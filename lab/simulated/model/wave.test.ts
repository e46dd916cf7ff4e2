import { describe, expect, it } from 'vitest'
import { seeded, spread, Wave } from './wave.ts'

describe('numbers from a seed', () => {
  it('are the same for the same seed, others for another, and spread over 0 to 1', () => {
    const take = (seed: string) => Array.from({ length: 1000 }, seeded(seed))
    expect(take('a')).toEqual(take('a'))
    expect(take('a')).not.toEqual(take('b'))
    const mean = take('a').reduce((sum, each) => sum + each, 0) / 1000
    expect(mean).toBeGreaterThan(0.45)
    expect(mean).toBeLessThan(0.55)
  })

  it('spread between bounds', () => {
    const next = seeded('spread')
    for (let index = 0; index < 100; index++) {
      const value = spread(next, 10, 1000)
      expect(value).toBeGreaterThanOrEqual(10)
      expect(value).toBeLessThanOrEqual(1000)
    }
  })
})

describe('a wave', () => {
  it('is never negative, and its total is what the rate adds up to', () => {
    const wave = new Wave(100, seeded('wave'))
    const stepSeconds = 0.05
    let sum = 0
    let lastTotal = 0
    const steps = { back: 0, below: 0 }
    for (let seconds = 0; seconds < 2000; seconds += stepSeconds) {
      const rate = wave.at(seconds + stepSeconds / 2)
      if (rate < 0) steps.below++
      sum += rate * stepSeconds
      const total = wave.total(seconds + stepSeconds)
      if (total < lastTotal) steps.back++
      lastTotal = total
    }
    expect(steps).toEqual({ back: 0, below: 0 })
    expect(wave.total(0)).toBe(0)
    expect(lastTotal / sum).toBeCloseTo(1, 4)
    expect(lastTotal / 2000).toBeGreaterThan(70)
    expect(lastTotal / 2000).toBeLessThan(130)
  })
})
