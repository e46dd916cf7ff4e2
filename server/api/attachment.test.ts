import { expect, test } from 'vitest'
import { attachment, savedName } from './attachment.ts'

test.each([
  ['report.pdf', 'report.pdf'],
  ['Grüße.txt', 'Grüße.txt'],
  ['CON', '_CON'],
  ['nul.txt', '_nul.txt'],
  ['com1', '_com1'],
  ['console.log', 'console.log'],
  ['a/b\\c', 'a_b_c'],
  ['../../etc/passwd', '.._.._etc_passwd'],
  ['ends with dots...', 'ends with dots_'],
  ['invoice\u{202e}fdp.exe', 'invoice_fdp.exe'],
  ['line\r\nSet-Cookie: a=b', 'line__Set-Cookie_ a=b'],
  ['', 'file'],
  ['   ', '_'],
])('%j is saved as %j', (name, saved) => expect(savedName(name)).toBe(saved))

test('a long name keeps its ending', () => {
  const saved = savedName(`${'x'.repeat(300)}.tar.gz`)
  expect(saved).toHaveLength(150)
  expect(saved.endsWith('.gz')).toBe(true)
})

test('nothing in a name ends the header or its quotes', () => {
  for (const name of ['a"; filename="b.exe', 'a\r\nx: y', "a'b%41", '日本語🚀.txt', '\u{d800}half', '100%.txt']) {
    const header = attachment(name)
    expect(new Headers({ 'content-disposition': header }).get('content-disposition')).toBe(header)
    expect(header.match(/"/g)).toHaveLength(2)
    const encoded = header.split("UTF-8''")[1] ?? ''
    expect(encoded).toMatch(/^[\w.~!%-]+$/)
    expect(decodeURIComponent(encoded)).toBe(savedName(name))
  }
})
