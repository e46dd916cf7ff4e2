import { expect, test } from 'vitest'
import { hasAgentChannel, hasSerialPort, isIsolated, isolatedXml } from './isolated.ts'
import { parseXml } from './tree.ts'
import { readVmXml } from './vm.ts'

const definition = `<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>web</name>
  <devices>
    <disk type='file' device='disk'><source file='/new/a.qcow2'/><target dev='vda' bus='virtio'/></disk>
    <interface type='network'><mac address='52:54:00:00:00:01'/><source network='lan'/><model type='virtio'/><link state='up'/><address type='pci' bus='0x01'/></interface>
    <interface type='bridge'><mac address='52:54:00:00:00:02'/><source bridge='br9'/><script path='/etc/up'/></interface>
    <interface type='direct'><mac address='52:54:00:00:00:03'/><source dev='eth0' mode='bridge'/></interface>
    <interface type='hostdev'><mac address='52:54:00:00:00:04'/><source><address type='pci' bus='0x5'/></source></interface>
    <interface type='user'><mac address='52:54:00:00:00:05'/></interface>
    <interface type='vhostuser'><mac address='52:54:00:00:00:06'/><source type='unix' path='/run/vhost' mode='client'/></interface>
    <serial type='tcp'><source mode='connect' host='10.0.0.9' service='2445'/><protocol type='raw'/><target port='0'/></serial>
    <console type='tcp'><source mode='connect' host='10.0.0.9' service='2445'/><target type='serial' port='0'/></console>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <channel type='tcp'><source mode='connect' host='10.0.0.9' service='1'/><target type='virtio' name='x'/></channel>
    <graphics type='vnc' port='5907' listen='0.0.0.0' passwd='secret'><listen type='address' address='0.0.0.0'/></graphics>
    <filesystem type='mount'><source dir='/srv/shared'/><target dir='shared'/></filesystem>
    <hostdev mode='subsystem' type='usb'><source/></hostdev>
    <shmem name='shared'><model type='ivshmem-plain'/></shmem>
    <vsock model='virtio'><cid auto='no' address='7'/></vsock>
    <memory model='nvdimm'><source><path>/dev/dax</path></source></memory>
    <input type='evdev'><source dev='/dev/input/event1'/></input>
    <input type='tablet' bus='usb'/>
    <tpm model='tpm-tis'><backend type='passthrough'><device path='/dev/tpm0'/></backend></tpm>
  </devices>
  <qemu:commandline><qemu:arg value='-nic'/></qemu:commandline>
</domain>`

test('no card is plugged into anything, whatever it was plugged into', () => {
  const { xml } = isolatedXml(definition)
  const cards = readVmXml(xml).interfaces
  expect(cards).toHaveLength(6)
  for (const card of cards) expect(card).toMatchObject({ networkName: null, bridge: null, linkUp: false })
  expect(xml.match(/<interface type='ethernet'>/g)).toHaveLength(6)
  expect(xml).toContain("bus='0x01'")
  expect(isIsolated(xml)).toBe(true)
  expect(isIsolated(definition)).toBe(false)
})

test.each(['user', 'network', 'bridge', 'direct'])('one card of the kind %s is enough to be seen', (type) => {
  const { xml } = isolatedXml(definition)
  expect(isIsolated(xml.replace("<interface type='ethernet'>", `<interface type='${type}'>`))).toBe(false)
})

test('nothing leads out of the VM: no port, no folder, no device, no options of QEMU', () => {
  const { xml, leftOut } = isolatedXml(definition)
  for (const gone of [
    'lan',
    'br9',
    'eth0',
    '10.0.0.9',
    '0.0.0.0',
    '5907',
    'secret',
    '/srv',
    'hostdev',
    'shmem',
    'dax',
  ]) {
    expect(xml).not.toContain(gone)
  }
  for (const gone of ['qemu:arg', 'evdev', 'tpm0', "address='7'", '/etc/up']) expect(xml).not.toContain(gone)
  expect(xml).toContain("type='tablet'")
  expect(leftOut).toContain('options of QEMU')
  expect(() => parseXml(xml)).not.toThrow()
})

test('its serial port and its agent stay reachable', () => {
  const { xml } = isolatedXml(definition)
  expect(xml).toMatch(/<serial type='pty'><target port='0'\/><\/serial>/)
  expect([hasSerialPort(xml), hasAgentChannel(xml)]).toEqual([true, true])
  expect(hasAgentChannel('<domain><devices><channel type="unix"/></devices></domain>')).toBe(false)
})
