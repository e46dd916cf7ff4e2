import { expect, test } from 'vitest'
import { nextPath } from './next-path.ts'

test('a path of this origin is kept with its query', () => {
  expect(nextPath('/vms/1?tab=a#b')).toBe('/vms/1?tab=a#b')
})

test.each([
  undefined,
  null,
  '',
  'https://evil.example',
  '//evil.example',
  '/\\evil.example',
  '/\t/evil.example',
  'javascript:alert(1)',
  'vms',
  '/login?next=/fleet',
])('%j leads to the overview', (next) => {
  expect(nextPath(next)).toBe('/')
})
