import { expect, test } from 'vitest'
import { sizeText } from './size-text.ts'

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [178_000_000, '170 MiB'],
  [2 ** 30 - 1, '1 GiB'],
  [4n * 2n ** 30n, '4 GiB'],
  [1.25 * 2 ** 40, '1.25 TiB'],
  [12.34 * 2 ** 30, '12.3 GiB'],
  [2 ** 60, '1024 PiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text)
})
