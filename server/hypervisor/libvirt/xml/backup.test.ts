import { expect, test } from 'vitest'
import { buildBackupXml, readBackupXml } from './backup.ts'
import { buildCheckpointXml, readCheckpointXml } from './checkpoint.ts'
import { find, findAll, parseXml } from './tree.ts'

const disks = [
  { target: 'vda', path: "/s/o'hara.qcow2" },
  { target: 'vdb', path: null },
]

test('a backup is asked for on a socket, whole', () => {
  const text = buildBackupXml({ address: { socketPath: '/run/b.sock' }, disks })
  const root = parseXml(text)
  expect(find(root, 'incremental')).toBeUndefined()
  expect(find(root, 'server')?.attributes).toEqual({ transport: 'unix', socket: '/run/b.sock' })
  const [first, second] = findAll(find(root, 'disks'), 'disk')
  expect(first?.attributes).toEqual({ name: 'vda', backup: 'yes', type: 'file', exportname: 'vda' })
  expect(find(first, 'scratch')?.attributes).toEqual({ file: "/s/o'hara.qcow2" })
  expect(second?.attributes).toEqual({ name: 'vdb', backup: 'no' })
  expect(readBackupXml(text)).toEqual({
    address: { socketPath: '/run/b.sock' },
    disks: [{ target: 'vda', exportName: 'vda', changes: null }],
  })
})

test('an incremental one over TLS names the context of its changes', () => {
  const address = { host: '10.0.0.7', port: 61234, tls: true }
  const text = buildBackupXml({ since: 'monday', address, disks })
  expect(find(parseXml(text), 'incremental')?.text).toBe('monday')
  expect(readBackupXml(text)).toEqual({
    address,
    disks: [{ target: 'vda', exportName: 'vda', changes: 'qemu:dirty-bitmap:backup-vda' }],
  })
})

test('a backup of somebody else is read as libvirt tells it', () => {
  const text = `<domainbackup mode='pull'><incremental>c</incremental><server transport='tcp' name='h' port='10809'/>
    <disks><disk name='vda' backup='yes' type='file' exportname='e' exportbitmap='b' index='3'><driver type='qcow2'/><scratch file='/x'/></disk>
    <disk name='vdb' backup='yes' type='file'/><disk name='hda' backup='no'/></disks></domainbackup>`
  expect(readBackupXml(text)).toEqual({
    address: { host: 'h', port: 10809, tls: false },
    disks: [
      { target: 'vda', exportName: 'e', changes: 'qemu:dirty-bitmap:b' },
      { target: 'vdb', exportName: 'vdb', changes: 'qemu:dirty-bitmap:backup-vdb' },
    ],
  })
})

test('a checkpoint marks the disks that are backed up and no others, and reads back', () => {
  const text = buildCheckpointXml({
    name: 'a&b',
    disks: disks.map(({ target, path }) => ({ target, marked: path !== null })),
  })
  expect(readCheckpointXml(text)).toMatchObject({ name: 'a&b', parent: null, disks: ['vda'], xml: text })
  const told = `<domaincheckpoint><name>two</name><parent><name>one</name></parent><creationTime>1700000000</creationTime>
    <disks><disk name='vda' checkpoint='bitmap' bitmap='two'/><disk name='hda' checkpoint='no'/></disks><domain type='qemu'><name>v</name></domain></domaincheckpoint>`
  expect(readCheckpointXml(told)).toEqual({
    ...{ name: 'two', parent: 'one', disks: ['vda'], xml: told },
    takenAt: '2023-11-14T22:13:20.000Z',
  })
})
