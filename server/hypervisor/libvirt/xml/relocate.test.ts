import { expect, test } from 'vitest'
import { twinXml, withDiskSources, withSnapshotSources } from './relocate.ts'
import { find, findAll, parseXml } from './tree.ts'

const definition = `<domain type='qemu'>
  <name>web</name>
  <uuid>11111111-1111-4111-8111-111111111111</uuid>
  <devices>
    <disk type='file' device='disk'>
      <source file='/pool/web.qcow2' index='2'/>
      <backingStore type='file'><source file='/pool/base.qcow2'/></backingStore>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='volume' device='disk'><source pool='a' volume='b'/><target dev='vdb' bus='virtio'/></disk>
    <disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>
    <interface type='network'><mac address='52:54:00:00:00:01'/><target dev='vnet0'/></interface>
    <serial type='pty'><log file='/var/log/web.log'/><target port='0'/></serial>
    <channel type='unix'><source mode='bind' path='/run/web'/><target type='virtio' name='a'/></channel>
  </devices>
</domain>`

const sources = (text: string) =>
  findAll(find(parseXml(text), 'devices'), 'disk').map((disk) => ({ ...find(disk, 'source')?.attributes }))

test('disks get their new paths, others stay', () => {
  const moved = withDiskSources(definition, { vda: '/other/web & co.qcow2', vdb: '/other/b.raw' })
  expect(sources(moved)).toEqual([{ file: '/other/web & co.qcow2', index: '2' }, { file: '/other/b.raw' }, {}])
  expect(moved).not.toContain('base.qcow2')
  expect(findAll(find(parseXml(moved), 'devices'), 'disk').map((disk) => disk.attributes.type)).toEqual([
    'file',
    'file',
    'file',
  ])
})

test('a snapshot names each file by its new path: those it made, and what its disks were then', () => {
  const then = definition.replaceAll('web.qcow2', 'web.base')
  const now = definition.slice(definition.indexOf('<name>'), definition.lastIndexOf('</domain>'))
  const snapshot = `<domainsnapshot>
  <name>s1</name>
  <memory snapshot='external' file='/pool/web.memory'/>
  <disks>
    <disk name='vda' snapshot='external' type='file'><driver type='qcow2'/><source file='/pool/web.qcow2'/></disk>
    <disk name='vdb' snapshot='no'/>
  </disks>
  ${then}
  <inactiveDomain>${now}</inactiveDomain>
</domainsnapshot>`
  const moved = withSnapshotSources(snapshot, {
    ...{ vda: '/other/web.qcow2', '/pool/web.qcow2': '/other/web.qcow2' },
    ...{ '/pool/web.base': '/other/web.base', '/pool/web.memory': '/other/web.memory' },
  })
  const root = parseXml(moved)
  expect(find(root, 'memory')?.attributes.file).toBe('/other/web.memory')
  expect(find(root, 'disks/disk/source')?.attributes.file).toBe('/other/web.qcow2')
  expect(find(root, 'domain/devices/disk/source')?.attributes.file).toBe('/other/web.base')
  expect(find(root, 'inactiveDomain/devices/disk/source')?.attributes.file).toBe('/other/web.qcow2')
  expect(moved).not.toContain('/pool/')
})

test('a snapshot’s disk is the file that it was then, though its target is another one by now', () => {
  const moved = withSnapshotSources(`<domainsnapshot>${definition}</domainsnapshot>`, {
    ...{ vda: '/other/web.s1', '/pool/web.qcow2': '/pool/web.qcow2' },
    ...{ vdb: '/other/b.s1', 'a/b': '/other/b' },
  })
  const disks = findAll(find(parseXml(moved), 'domain/devices'), 'disk')
  expect(disks.map((disk) => find(disk, 'source')?.attributes.file)).toEqual(['/pool/web.qcow2', '/other/b', undefined])
})

test('a twin shares nothing with the original', () => {
  const twin = twinXml(definition, {
    uuid: '22222222-2222-4222-8222-222222222222',
    name: 'web <2>',
    notes: 'copy',
    disks: { vda: '/pool/web2.qcow2', vdb: '/pool/web2-b.raw' },
    mac: (index) => `52:54:00:00:00:f${index}`,
  })
  const root = parseXml(twin)
  expect(find(root, 'name')?.text).toBe('web <2>')
  expect(find(root, 'uuid')?.text).toBe('22222222-2222-4222-8222-222222222222')
  expect(find(root, 'description')?.text).toBe('copy')
  for (const mine of ['/pool/web.qcow2', 'vnet0', '/var/log/web.log', '/run/web', '52:54:00:00:00:01']) {
    expect(twin).not.toContain(mine)
  }
})
