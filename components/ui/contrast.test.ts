import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { contrastRatio, readColorTokens } from './contrast.ts'

const tokens = readColorTokens(readFileSync(new URL('../../app/globals.css', import.meta.url), 'utf8'))
const states = ['running', 'changing', 'migrating', 'degraded', 'failed', 'off', 'unknown']
const surfaces = ['canvas', 'surface', 'raised', 'sunken', 'hover', 'selected']

const textPairs = [
  ...['ink', 'ink-muted', 'ink-faint'].flatMap((ink) => [...surfaces, 'active'].map((surface) => [ink, surface])),
  ...['accent', 'accent-hover', 'failed'].flatMap((ink) => surfaces.map((surface) => [ink, surface])),
  ...states.map((state) => [state, `${state}-soft`]),
  ...states.map((state) => [state, 'surface']),
  ['ink', 'control'],
  ['ink', 'control-hover'],
  ['ink-muted', 'failed-soft'],
  ['accent', 'accent-soft'],
  ['ink-muted', 'accent-soft'],
  ['accent-ink', 'accent'],
  ['primary-ink', 'primary'],
  ['primary-ink', 'primary-hover'],
  ['danger-ink', 'danger'],
  ['danger-ink', 'danger-hover'],
] as [string, string][]

/** What is not text but has to be seen: borders of controls, the focus ring, lines of charts, markers on the map. */
const shapePairs = [
  ['line-strong', 'surface'],
  ['focus', 'surface'],
  ['focus', 'canvas'],
  ['focus', 'raised'],
  ...[1, 2, 3, 4, 5, 6].map((series) => [`series-${series}`, 'surface']),
  ...states.map((state) => [state, 'land']),
  ...states.map((state) => [state, 'sea']),
] as [string, string][]

function ratio(front: string, back: string, theme: 'light' | 'dark'): number {
  const one = tokens.get(front)
  const other = tokens.get(back)
  if (!one || !other) throw new Error(`No token ${one ? back : front} in app/globals.css`)
  return contrastRatio(one[theme], other[theme])
}

test('the arithmetic agrees with known pairs', () => {
  const grey = (lightness: number) => ({ lightness, chroma: 0, hue: 0, alpha: 1 })
  expect(contrastRatio(grey(0), grey(1))).toBeCloseTo(21, 1)
  expect(contrastRatio(grey(1), grey(1))).toBe(1)
  // #ff0000 is oklch(0.62796 0.25768 29.234): 4.0 on white.
  expect(contrastRatio({ lightness: 0.62796, chroma: 0.25768, hue: 29.234, alpha: 1 }, grey(1))).toBeCloseTo(4, 1)
})

describe.each(['light', 'dark'] as const)('%s', (theme) => {
  test.each(textPairs)('%s can be read on %s', (front, back) => {
    expect(ratio(front, back, theme)).toBeGreaterThanOrEqual(4.5)
  })
  test.each(shapePairs)('%s can be seen on %s', (front, back) => {
    expect(ratio(front, back, theme)).toBeGreaterThanOrEqual(3)
  })
})
