import { expect, test } from 'vitest'
import { siteLook } from './site-state.ts'

test.each([
  [0, 0, 'off'],
  [2, 2, 'running'],
  [2, 1, 'degraded'],
  [2, 0, 'failed'],
] as const)('a site with %i hosts of which %i answer is %s', (hosts, hostsConnected, look) => {
  expect(siteLook({ hosts, hostsConnected }).look).toBe(look)
})
