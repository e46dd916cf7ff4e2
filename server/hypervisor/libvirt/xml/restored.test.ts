import { expect, test } from 'vitest'
import { sharingDisks } from './backing.ts'
import { withDiskSources } from './relocate.ts'
import { restoredXml } from './restored.ts'
import { readVmXml } from './vm.ts'

const uuid = '11111111-2222-4333-8444-555555555555'
const definition = `<domain type='kvm'>
  <name>web</name>
  <uuid>aaaaaaaa-2222-4333-8444-555555555555</uuid>
  <genid>bbbbbbbb-2222-4333-8444-555555555555</genid>
  <memory unit='KiB'>1024</memory>
  <os><type arch='x86_64'>hvm</type><nvram template='/usr/share/vars.fd'>/var/lib/libvirt/qemu/nvram/web.fd</nvram></os>
  <devices>
    <disk type='block' device='disk'><driver name='qemu' type='raw'/><source dev='/dev/vg/web'/><target dev='vda' bus='virtio'/></disk>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/old/data.qcow2'/><backingStore type='file'><source file='/old/base'/></backingStore><target dev='vdb' bus='virtio'/></disk>
    <disk type='file' device='cdrom'><source file='/old/seed.iso'/><target dev='sda' bus='scsi'/><readonly/></disk>
    <interface type='network'><mac address='52:54:00:00:00:01'/><source network='lan'/><target dev='vnet7'/><model type='virtio'/><address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></interface>
    <interface type='bridge'><mac address='52:54:00:00:00:02'/><source bridge='br9'/><model type='virtio'/></interface>
    <graphics type='vnc' port='5907' autoport='no' websocket='5707' listen='10.9.9.9'><listen type='address' address='10.9.9.9'/></graphics>
    <hostdev mode='subsystem' type='pci'><source/></hostdev>
  </devices>
</domain>`
const restored = (disks: Record<string, string>) =>
  restoredXml(definition, {
    ...{
      uuid,
      name: 'again',
      notes: '',
      networks: ['lan', null],
      mac: (index: number) => `52:54:00:aa:aa:0${index}`,
      disks,
    },
  })

test('disks become qcow2 files of its own, and nothing of the old host is named any more', () => {
  const { xml, leftOut } = restored({ vda: '/new/a.qcow2', vdb: '/new/b.qcow2' })
  const vm = readVmXml(xml)
  expect(vm).toMatchObject({ name: 'again', uuid })
  expect(vm.disks).toMatchObject([
    { target: 'vda', source: '/new/a.qcow2', format: 'qcow2', kind: 'file', backingPath: null },
    { target: 'vdb', source: '/new/b.qcow2', format: 'qcow2', kind: 'file', backingPath: null },
    { target: 'sda', source: null },
  ])
  for (const old of ['/old', '/dev/vg', 'vnet7', 'br9', '10.9.9.9', '5907', '5707', 'web.fd', 'hostdev', 'bbbbbbbb']) {
    expect(xml).not.toContain(old)
  }
  expect(leftOut).toEqual(['the disc in sda', 'a device of its host'])
})

test('cards keep their model and place, get new addresses, and are plugged in only where that is said', () => {
  const { xml } = restored({ vda: '/new/a.qcow2', vdb: '/new/b.qcow2' })
  expect(readVmXml(xml).interfaces).toMatchObject([
    { mac: '52:54:00:aa:aa:00', networkName: 'lan', linkUp: true },
    { mac: '52:54:00:aa:aa:01', networkName: null, bridge: null, linkUp: false },
  ])
  expect(xml).toContain("bus='0x01'")
})

test('a disk that was not chosen is left out, and that is said', () => {
  const { xml, leftOut } = restored({ vda: '/new/a.qcow2' })
  expect(readVmXml(xml).disks.map(({ target }) => target)).toEqual(['vda', 'sda'])
  expect(leftOut).toContain('the disk vdb')
})

test('disks of a clone read what they share from elsewhere, and the guest stands still where that fails', () => {
  const address = { host: '10.0.0.1', port: 10809, tlsName: 'worker' }
  const clone = (place: typeof address | { socketPath: string }) =>
    restoredXml(definition, {
      ...{ uuid, name: 'clone', notes: '', networks: [], mac: () => '52:54:00:aa:aa:00' },
      disks: { vda: '/new/a.qcow2', vdb: '/new/b.qcow2' },
      backing: (target) => ({ address: place, exportName: `secret-${target}` }),
    }).xml
  const xml = clone(address)
  expect(xml.match(/ r?error_policy='stop'/g)).toHaveLength(4)
  expect(xml).toContain(
    "<backingStore type='network'><format type='raw'/><source protocol='nbd' name='secret-vda' tls='yes' tlsHostname='worker'><host name='10.0.0.1' port='10809'/>",
  )
  expect(clone({ socketPath: '/run/x.sock' })).toContain("<host transport='unix' socket='/run/x.sock'/>")
  expect(sharingDisks(xml)).toEqual(['vda', 'vdb'])
  const own = withDiskSources(xml, { '/new/a.qcow2': '/own/a.qcow2' })
  expect(sharingDisks(own)).toEqual(['vdb'])
  expect(sharingDisks(withDiskSources(own, { '/new/b.qcow2': '/new/b.qcow2' }))).toEqual([])
  // The name lets whoever has it read, so it is nobody's to see.
  expect(readVmXml(xml).disks.map(({ backingPath }) => backingPath)).toEqual([null, null, null])
})
