import { expect, test } from 'vitest'
import { isTagged, taggedName } from './volume-name.ts'

const first = '01948a3c-0000-7000-8000-3f2a9c01d4e5'
const second = '01948a3c-0000-7000-8000-aaaaaaaaaaaa'

test('a volume carries the mark of the operation that made it last', () => {
  const once = taggedName('web.qcow2', first)
  expect(once).toBe('web.3f2a9c01d4e5.qcow2')
  expect(taggedName(once, second)).toBe('web.aaaaaaaaaaaa.qcow2')
  expect(taggedName(once, first)).toBe(once)
  expect(taggedName('disk', first)).toBe('disk.3f2a9c01d4e5')
  expect(taggedName('a.b.img', first)).toBe('a.b.3f2a9c01d4e5.img')
})

test('marks are told apart', () => {
  expect(isTagged('web.3f2a9c01d4e5.qcow2', first)).toBe(true)
  expect(isTagged('web.3f2a9c01d4e5.qcow2', second)).toBe(false)
  expect(isTagged('web.3f2a9c01d4e5.qcow2')).toBe(true)
  expect(isTagged('web.qcow2')).toBe(false)
})
