import { expect, test } from 'vitest'
import { blankTemplate, problemsOf, withImage } from './template-draft.ts'

const gib = 2 ** 30
const whole = { ...blankTemplate, name: 'Debian 12', operatingSystem: 'Debian 12' }

test('an image brings its size as the least disk, and takes back nothing that somebody asked for', () => {
  const suggested = blankTemplate.minDiskBytes
  expect(withImage(whole, 300_000_000, suggested).minDiskBytes).toBe(287 * 2 ** 20)
  const typed = { ...whole, minDiskBytes: 20 * gib }
  expect(withImage(typed, 3 * gib, suggested).minDiskBytes).toBe(20 * gib)
  expect(withImage(typed, 30 * gib, suggested).minDiskBytes).toBe(30 * gib)
  expect(withImage(typed, 3 * gib, 20 * gib).minDiskBytes).toBe(3 * gib)
  // Of a template that has a least disk already, nothing was suggested.
  expect(withImage(whole, gib / 2, null).minDiskBytes).toBe(gib)
})

test('each field says what is wrong with it', () => {
  expect(problemsOf(whole, null)).toEqual({})
  expect(problemsOf(whole, gib)).toEqual({})
  expect(problemsOf(whole, 8 * gib)).toEqual({ minDiskBytes: 'The image itself has 8 GiB' })
  expect(problemsOf({ ...whole, minDiskBytes: 2 ** 48 }, 8 * gib)).toEqual({ minDiskBytes: 'From 1 MiB to 128 TiB' })
  expect(problemsOf({ ...whole, name: ' ', minMemoryBytes: 2 ** 45 }, null)).toEqual({
    name: 'Give it a name',
    minMemoryBytes: 'From 16 MiB to 16 TiB',
  })
})
