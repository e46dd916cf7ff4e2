import { expect, test } from 'vitest'
import { siteLook } from './site-state.ts'

test.each([
  [0, 0, 'off'],
  [2, 2, 'running'],
  [2, 1, 'degraded'],
  [2, 0, 'failed'],
] as const)('a site with %i hosts of which %i answer is %s', (hosts, hostsConnected, look) => {
  expect(siteLook({ hosts, hostsConnected }, true).look).toBe(look)
})

test('a site with no host that somebody may know of is not said to have none', () => {
  expect(siteLook({ hosts: 0, hostsConnected: 0 }, true).word).toBe('No hosts')
  expect(siteLook({ hosts: 0, hostsConnected: 0 }, false).word).toBe('No VMs of yours')
})
