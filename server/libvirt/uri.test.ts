import { describe, expect, it } from 'vitest'
import { parseUri } from './uri.ts'

const system = { driverUri: 'qemu:///system' }
const ssh = { kind: 'ssh', ...system, port: undefined, user: undefined, socketPath: undefined, identityFile: undefined }

describe('connection URIs', () => {
  it.each([
    ['qemu:///system', { kind: 'unix', ...system, socketPath: '/run/libvirt/libvirt-sock' }],
    ['qemu+unix:///system?socket=/tmp/a%20b', { kind: 'unix', ...system, socketPath: '/tmp/a b' }],
    ['test:///default', { kind: 'unix', driverUri: 'test:///default', socketPath: '/run/libvirt/libvirt-sock' }],
    ['qemu://h1/system', { kind: 'tls', ...system, host: 'h1', port: undefined }],
    ['qemu+tls://h1.example:16515/system', { kind: 'tls', ...system, host: 'h1.example', port: 16515 }],
    ['qemu+tls://[fd00::1]:16514/system', { kind: 'tls', ...system, host: 'fd00::1', port: 16514 }],
    ['qemu+ssh://h1/system', { ...ssh, host: 'h1' }],
    [
      'qemu+ssh://root@h1:2222/system?socket=/s&keyfile=/k',
      { ...ssh, host: 'h1', port: 2222, user: 'root', socketPath: '/s', identityFile: '/k' },
    ],
  ])('reads %s', (uri, address) => {
    expect(parseUri(uri)).toEqual(address)
  })

  it.each([
    '',
    'h1',
    'qemu',
    'qemu+unix://h1/system',
    'qemu+tcp://h1/system',
    'qemu+ssh:///system',
    'qemu+tls://h1:99999/',
  ])('refuses %j with an explanation', (uri) => {
    expect(() => parseUri(uri)).toThrow(expect.objectContaining({ name: 'TransportError', reason: 'invalid-address' }))
  })
})
