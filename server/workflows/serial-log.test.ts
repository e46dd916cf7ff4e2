import { expect, test } from 'vitest'
import { SerialLog } from './serial-log.ts'

const logOf = (...parts: string[]) => {
  const log = new SerialLog()
  for (const part of parts) log.add(Buffer.from(part))
  return log
}

test('what only a terminal understands is taken out', () => {
  const log = logOf(
    '\u001b[2J\u001b[1;1H\u001b[0;32mOK\u001b[0m Started\r\n\u001b]0;title\u0007web login: \u0000\u0008',
  )
  expect(log.tail(100)).toBe('OK Started\nweb login: ')
})

test('a text is found though it came in parts, with colours between', () => {
  expect(logOf('web lo', 'gin', ': ').holds('login:')).toBe(true)
  expect(logOf('web \u001b[1mlog\u001b[0', 'min: ').holds('login:')).toBe(true)
  expect(logOf('web').holds('login:')).toBe(false)
})

test('only the end is kept, whatever is said', () => {
  const log = logOf('first', ...Array.from({ length: 40 }, () => 'x'.repeat(16_384)), '\nlast')
  expect(log.holds('first')).toBe(false)
  expect(log.tail(8)).toBe('xxx\nlast')
  expect(log.tail(16_384)).toHaveLength(16_384)
})

test.each([
  ['just as much as is kept', [256 * 1024]],
  ['a byte more', [256 * 1024 + 1]],
  ['twice as much at once', [512 * 1024]],
  ['around the end', [200_000, 100_000, 3]],
  ['byte by byte around the end', [256 * 1024 - 2, 1, 1, 1, 1]],
])('the end is whole: %s', (_, lengths) => {
  const log = new SerialLog()
  let heard = ''
  for (const length of lengths) {
    const part = Array.from({ length }, (_, at) => String.fromCharCode(97 + ((heard.length + at) % 26))).join('')
    heard += part
    log.add(Buffer.from(part))
  }
  expect(log.tail(16_384)).toBe(heard.slice(-16_384))
  expect(log.holds(heard.slice(-256 * 1024))).toBe(true)
})

test('half a character at the cut is left out', () => {
  expect(logOf('a😀').tail(1)).toBe('')
})
