import { expect, test } from 'vitest'
import { hostUri, migrationUriProblem, partsOf, suggestedName, transportOf, uriProblem } from './host-uri.ts'

const none = { user: '', port: Number.NaN, socketPath: '', serverName: '' }
const parts = { ...none, transport: 'tls', address: 'oslo-1.example', user: 'root' } as const

test('each transport has its address', () => {
  expect(hostUri(parts)).toBe('qemu+tls://oslo-1.example/system')
  expect(hostUri({ ...parts, port: 16515 })).toBe('qemu+tls://oslo-1.example:16515/system')
  expect(hostUri({ ...parts, transport: 'ssh' })).toBe('qemu+ssh://root@oslo-1.example/system')
  expect(hostUri({ ...parts, transport: 'ssh', user: '', address: ' fd00::1 ' })).toBe('qemu+ssh://[fd00::1]/system')
  expect(hostUri({ ...parts, transport: 'unix' })).toBe('qemu:///system')
  expect(hostUri({ ...parts, transport: 'unix', socketPath: '/run/a b' })).toBe('qemu:///system?socket=/run/a+b')
})

test.each([
  ['qemu+tls://oslo-1.example/system', { transport: 'tls', address: 'oslo-1.example' }],
  ['qemu+tls://10.0.0.1:16515/system?server-name=oslo-1', { address: '10.0.0.1', port: 16515, serverName: 'oslo-1' }],
  ['qemu://oslo-1/system', { transport: 'tls', address: 'oslo-1' }],
  [' qemu+ssh://root@[fd00::1]:2222/system ', { transport: 'ssh', address: 'fd00::1', user: 'root', port: 2222 }],
  ['qemu+ssh://host/system?socket=/run/libvirt', { transport: 'ssh', user: '', socketPath: '/run/libvirt' }],
  ['qemu+ssh://ops%40example@host/system', { transport: 'ssh', address: 'host', user: 'ops@example' }],
  ['qemu+ssh://100%25@host/system', { transport: 'ssh', address: 'host', user: '100%' }],
  ['qemu:///system', { transport: 'unix', address: '' }],
  ['qemu+unix:///system?socket=/tmp/a', { transport: 'unix', socketPath: '/tmp/a' }],
])('%s is taken apart, and put together to the same', (uri, expected) => {
  const found = partsOf(uri)
  expect(found).toMatchObject(expected)
  if ('problem' in found) throw new Error(found.problem)
  expect(partsOf(hostUri(found))).toEqual(found)
})

test.each([
  ['oslo-1.example', /^Not a libvirt URI/],
  ['qemu:/system', /^Not a libvirt URI/],
  ['xen+tls://oslo-1/', /“xen”/],
  ['qemu+tcp://oslo-1/system', /“tcp”/],
  ['qemu+tls:///system', /no host/],
  ['qemu+unix://oslo-1/system', /oslo-1/],
  ['qemu+tls://oslo-1:70000/system', /70000/],
  ['qemu+tls://oslo-1/session', /\/session/],
  ['qemu+tls://oslo-1/system?no_verify=1', /“no_verify”/],
  ['qemu+ssh://ro%ot@oslo-1/system', /“ro%ot”.*%25/],
])('%s is refused with the reason', (uri, reason) => {
  expect(uriProblem(uri)).toMatch(reason)
})

test('other hosts need an address that they can reach', () => {
  expect(migrationUriProblem('')).toBeUndefined()
  expect(migrationUriProblem('qemu+tls://10.0.0.1/system')).toBeUndefined()
  expect(migrationUriProblem('qemu:///system')).toMatch(/other host/)
})

test('a name is suggested by a name only', () => {
  expect(suggestedName(parts)).toBe('oslo-1')
  expect(suggestedName({ ...parts, address: '10.0.0.1' })).toBe('')
  expect(suggestedName({ ...parts, address: 'fd00::1' })).toBe('')
})

test('a URI tells how it reaches its host', () => {
  expect(transportOf('qemu+tls://oslo-1.example/system')).toBe('tls')
  expect(transportOf('qemu+ssh://root@oslo-1/system')).toBe('ssh')
  expect(transportOf('qemu:///system')).toBe('unix')
})
