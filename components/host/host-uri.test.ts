import { expect, test } from 'vitest'
import { hostUri, suggestedName, transportOf } from './host-uri.ts'

const parts = { transport: 'tls', address: 'oslo-1.example', user: 'root', port: Number.NaN } as const

test('each transport has its address', () => {
  expect(hostUri(parts)).toBe('qemu+tls://oslo-1.example/system')
  expect(hostUri({ ...parts, port: 16515 })).toBe('qemu+tls://oslo-1.example:16515/system')
  expect(hostUri({ ...parts, transport: 'ssh' })).toBe('qemu+ssh://root@oslo-1.example/system')
  expect(hostUri({ ...parts, transport: 'ssh', user: '', address: ' fd00::1 ' })).toBe('qemu+ssh://[fd00::1]/system')
  expect(hostUri({ ...parts, transport: 'unix' })).toBe('qemu:///system')
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
