import { expect, test } from 'vitest'
import { insideRule, revertRule } from './snapshot.ts'

const host = (libvirtVersion: string | null) => ({ name: 'rack-1', libvirtVersion })

test.each(['running', 'paused', 'off', 'crashed', 'sleeping'] as const)(
  'a VM that is %s goes back to a snapshot inside its disks, on any host',
  (state) => {
    for (const version of ['9.0.0', '10.0.0', null])
      expect(revertRule({ state }, { storage: 'internal' }, host(version))).toBe(true)
  },
)

test('a snapshot in files of its own takes a libvirt that can; else the reason says which the host has', () => {
  const answer = (version: string | null) => revertRule({ state: 'running' }, { storage: 'external' }, host(version))
  for (const version of ['10.0.0', '10.10.0', '11.3.0', '100.0.0']) expect(answer(version), version).toBe(true)
  expect(answer('9.10.0')).toBe('Going back to a snapshot in files of its own takes libvirt 10; rack-1 has 9.10.0.')
  expect(answer('1.2.9')).toMatch(/rack-1 has 1\.2\.9\.$/)
  expect(answer(null)).toBe(
    'Going back to a snapshot in files of its own takes libvirt 10; rack-1 did not tell its version.',
  )
})

test('what the VM is doing comes first', () => {
  for (const storage of ['internal', 'external'] as const) {
    expect(revertRule({ state: 'shutting_down' }, { storage }, host('9.0.0'))).toBe('It is shutting down.')
    expect(revertRule({ state: 'creating' }, { storage }, host('9.0.0'))).toBe('It is still being created.')
    expect(revertRule({ state: 'unknown' }, { storage }, host('10.0.0'))).toMatch(/can’t be reached/)
  }
})

test('the disk that has no room for a snapshot is named; discs and what is read only need none', () => {
  const disk = { target: 'vda', device: 'disk', format: 'qcow2', readOnly: false }
  expect(insideRule([disk, { ...disk, target: 'hdc', device: 'cdrom', format: 'raw' }])).toBe(true)
  expect(insideRule([disk, { ...disk, target: 'vdb', format: 'raw', readOnly: true }])).toBe(true)
  expect(insideRule([disk, { ...disk, target: 'vdb', format: null }])).toMatch(/^The disk vdb is raw/)
})
