import { expect, test } from 'vitest'
import { deleteRule, insideRule, mixingRule, revertRule, storageOf } from './snapshot.ts'

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

test('a snapshot lies inside the disks with memory, beside them without, and of a VM that is off where its others do', () => {
  const [inside, beside] = [[{ storage: 'internal' }], [{ storage: 'external' }]]
  for (const state of ['running', 'paused'] as const) {
    for (const others of [[], inside, beside]) {
      expect(storageOf({ state }, true, others)).toBe('internal')
      expect(storageOf({ state }, false, others)).toBe('external')
    }
  }
  for (const withMemory of [true, false]) {
    expect(storageOf({ state: 'off' }, withMemory, [])).toBe('internal')
    expect(storageOf({ state: 'off' }, withMemory, inside)).toBe('internal')
    expect(storageOf({ state: 'off' }, withMemory, beside)).toBe('external')
  }
})

test('no snapshot lies on one of the other kind, for neither could be deleted', () => {
  const others = [{ name: 'monday', storage: 'internal' }]
  expect(mixingRule('internal', others)).toBe(true)
  expect(mixingRule('external', [])).toBe(true)
  expect(mixingRule('external', others)).toBe(
    'Its snapshot monday lies inside the disks: with one beside the disks on top, neither could be deleted any more.',
  )
})

test('of snapshots that others have mixed, those that lie on each other are not deleted', () => {
  const chain = (...storages: string[]) =>
    storages.map((storage, at) => ({ name: `s${at}`, parent: at > 0 ? `s${at - 1}` : null, storage }))
  const deletable = (...storages: string[]) => {
    const all = chain(...storages)
    return all.map((each) => deleteRule({ state: 'off' }, each, all) === true)
  }
  expect(deletable('internal', 'internal')).toEqual([true, true])
  expect(deletable('external', 'external', 'external')).toEqual([true, true, true])
  expect(deletable('internal', 'external')).toEqual([false, false])
  expect(deletable('internal', 'external', 'external')).toEqual([false, false, true])
  // Into the file below, what the one inside the file above holds would be lost.
  expect(deletable('external', 'internal')).toEqual([false, true])
  const [first, second] = chain('internal', 'external')
  if (!first || !second) throw new Error('there are two')
  expect(deleteRule({ state: 'running' }, second, [first, second])).toBe(
    'libvirt can’t delete it: it lies beside the disks, and s0 inside the disks, one on the other.',
  )
  expect(deleteRule({ state: 'crashed' }, first, [first])).toMatch(/crashed/)
})
