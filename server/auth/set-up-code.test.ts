import { expect, test } from 'vitest'
import { isSetUpCode, setUpCode } from './set-up-code.ts'

const secret = 'x'.repeat(32)

test('is four groups of five, the same for the same secret and another for another', () => {
  expect(setUpCode(secret)).toMatch(/^([0-9A-Z]{5}-){3}[0-9A-Z]{5}$/)
  expect(setUpCode(secret)).toBe(setUpCode(secret))
  expect(setUpCode('y'.repeat(32))).not.toBe(setUpCode(secret))
})

test('is known again however it is typed, and nothing else is', () => {
  const code = setUpCode(secret)
  for (const typed of [code, code.toLowerCase(), code.replaceAll('-', ''), ` ${code} `, code.replaceAll('-', ' ')]) {
    expect(isSetUpCode(typed, secret)).toBe(true)
  }
  for (const wrong of ['', '-', code.slice(0, -1), `${code}0`, setUpCode('y'.repeat(32))]) {
    expect(isSetUpCode(wrong, secret)).toBe(false)
  }
})
