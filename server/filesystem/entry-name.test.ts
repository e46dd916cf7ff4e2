import { expect, test } from 'vitest'
import { nameOfBytes, nameOfUnits } from './entry-name.ts'

test('text is itself, also beyond 16 bits and with what a shell would mind', () => {
  for (const name of ['a', 'Grüße', '日本語', '🚀', 'line\nbreak', 'back\\slash', ' ', '‮gpj.exe', '／']) {
    expect(nameOfBytes(Buffer.from(name))).toBe(name)
  }
})

test('what is no text, a NUL or a slash is written out, and can be told from what is written so', () => {
  const names = [
    Buffer.from([0x61, 0xff]),
    Buffer.from('a\u{fffd}FF'),
    Buffer.from('a\0b'),
    Buffer.from('a/b'),
    Buffer.from('../../etc/passwd'),
    // A slash in too many bytes, half of a pair, and a letter that is cut off.
    Buffer.from([0xc0, 0xaf]),
    Buffer.from([0xed, 0xa0, 0x80]),
    Buffer.from([0xe6, 0x97]),
  ].map(nameOfBytes)
  expect(names).toEqual([
    'a\u{fffd}FF',
    'a\u{fffd}EF\u{fffd}BF\u{fffd}BDFF',
    'a\u{fffd}00b',
    'a\u{fffd}2Fb',
    '..\u{fffd}2F..\u{fffd}2Fetc\u{fffd}2Fpasswd',
    '\u{fffd}C0\u{fffd}AF',
    '\u{fffd}ED\u{fffd}A0\u{fffd}80',
    '\u{fffd}E6\u{fffd}97',
  ])
  for (const name of names) expect(name).not.toMatch(/[\0/]/)
  expect(names.every((name) => encodeURIComponent(name))).toBe(true)
})

test('half of a pair in UTF-16 is written out', () => {
  expect(nameOfUnits([0x41, 0xd83d, 0x42])).toBe('A\u{fffd}D83DB')
  expect(nameOfUnits([0x2f, 0])).toBe('\u{fffd}002F\u{fffd}0000')
  expect(nameOfUnits([0xd83d, 0xde80])).toBe('🚀')
})
