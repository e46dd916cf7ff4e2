import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { diskXml, macOf } from './device.ts'
import { buildVmXml, machineTypeOf } from './domain.ts'
import { readCapabilitiesXml, readDeviceXml } from './host.ts'
import { buildVolumeXml, readNetworkXml, readPoolXml, readVolumeXml } from './storage.ts'
import { find, findAll, parseXml } from './tree.ts'
import { holdsDevice, readVmXml } from './vm.ts'

const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'fixture', name), 'utf8')

test('a running VM of a present libvirt', () => {
  const vm = readVmXml(fixture('running-q35.xml'))
  expect(vm).toMatchObject({
    uuid: '6f1c1c1e-6d5c-4a0e-9c1a-0a4d1d2b9f01',
    name: 'web-1',
    notes: 'Serves <everything> & more',
    vcpuCount: 2,
    memoryBytes: 4 * 2 ** 30,
    machineType: 'pc-q35-8.2',
    cpuMode: 'host-passthrough',
    accelerator: 'kvm',
    agentConnected: true,
  })
  expect(vm.disks).toMatchObject([
    {
      target: 'vda',
      kind: 'file',
      source: '/var/lib/libvirt/images/web-1.qcow2',
      backingPath: '/var/lib/libvirt/images/base.qcow2',
      format: 'qcow2',
    },
    { target: 'sda', device: 'cdrom', kind: 'none', source: null, readOnly: true },
  ])
  expect(vm.interfaces).toEqual([
    {
      mac: '52:54:00:aa:bb:cc',
      model: 'virtio',
      networkName: 'default',
      bridge: 'virbr0',
      device: 'vnet2',
      linkUp: true,
    },
  ])
  expect(vm.graphics).toEqual([
    { kind: 'vnc', address: '127.0.0.1', port: 5901, websocketPort: 5700, hasPassword: false },
  ])
})

test('a card of a network over a bridge is of its network also while it runs; one on a bare bridge is of none', () => {
  const withCard = (card: string) =>
    readVmXml(fixture('running-q35.xml').replace(/<interface [\s\S]*<\/interface>/, card)).interfaces[0]
  const source = "<source network='fleet' portid='719e80c3-1314-4f90-92bc-dbaed3e69919' bridge='br0'/>"
  const mac = "<mac address='52:54:00:c3:88:c4'/>"
  expect(withCard(`<interface type='bridge'>${mac}${source}</interface>`)).toMatchObject({
    networkName: 'fleet',
    bridge: 'br0',
  })
  expect(withCard(`<interface type='bridge'>${mac}<source bridge='br1'/></interface>`)).toMatchObject({
    networkName: null,
    bridge: 'br1',
  })
})

test('a VM that is off, of an old libvirt, with every kind of disk', () => {
  const vm = readVmXml(fixture('off-old.xml'))
  expect(vm).toMatchObject({
    name: 'old & grey',
    notes: 'First line\nsecond <line> æ',
    vcpuCount: 2,
    memoryBytes: 256 * 2 ** 20,
    architecture: 'i686',
    cpuMode: null,
    accelerator: 'emulation',
    agentConnected: false,
  })
  expect(vm.disks.map(({ target, kind, source, shareable }) => [target, kind, source, shareable])).toEqual([
    ['hda', 'block', '/dev/vg/old', true],
    ['vda', 'network', 'rbd:pool/image', false],
    ['vdb', 'volume', 'default/data.img', false],
    ['fda', 'none', null, false],
  ])
  expect(vm.disks[2]).toMatchObject({ poolName: 'default', volumeName: 'data.img' })
  expect(vm.interfaces).toMatchObject([
    { mac: '52:54:00:aa:00:01', bridge: 'br0', linkUp: false },
    { mac: '52:54:00:aa:00:02', bridge: 'eth0', model: 'e1000' },
  ])
  expect(vm.graphics).toEqual([
    { kind: 'spice', address: '10.0.0.1', port: null, websocketPort: null, hasPassword: true },
    { kind: 'vnc', address: '0.0.0.0', port: null, websocketPort: null, hasPassword: false },
  ])
})

test('a device is found by its target or its address', () => {
  const vm = fixture('off-old.xml')
  const disk = { bus: 'virtio', device: 'disk', path: '/x', format: 'raw' } as const
  expect(holdsDevice(vm, diskXml({ ...disk, target: 'vdb' }).text)).toBe(true)
  expect(holdsDevice(vm, diskXml({ ...disk, target: 'vdz' }).text)).toBe(false)
  expect(holdsDevice(vm, `<interface type='bridge'><mac address='52:54:00:AA:00:02'/></interface>`)).toBe(true)
})

describe('a new VM', () => {
  const plan = {
    uuid: '6f1c1c1e-6d5c-4a0e-9c1a-0a4d1d2b9f01',
    name: `o'hara & <co>`,
    vcpuCount: 2,
    memoryBytes: 2 ** 30,
    disks: [{ target: 'vda', bus: 'virtio', device: 'disk', path: '/a&b.qcow2', format: 'qcow2' }],
    interfaces: [{ mac: '52:54:00:00:00:01', source: { network: 'fleet' } }],
    host: { architecture: 'x86_64', machineTypes: ['pc', 'q35', 'pc-q35-8.2'] },
  } as const

  test('reads back as planned', () => {
    const vm = readVmXml(buildVmXml({ ...plan, accelerator: 'kvm' }))
    expect(vm).toMatchObject({
      name: plan.name,
      vcpuCount: 2,
      memoryBytes: 2 ** 30,
      accelerator: 'kvm',
      cpuMode: 'host-model',
      machineType: 'q35',
    })
    expect(vm.disks).toMatchObject([{ target: 'vda', source: '/a&b.qcow2', bus: 'virtio', format: 'qcow2' }])
    expect(vm.interfaces).toMatchObject([{ networkName: 'fleet', model: 'virtio' }])
  })

  test('has room to grow where asked for', () => {
    const root = parseXml(buildVmXml({ ...plan, accelerator: 'kvm', maxVcpuCount: 8, maxMemoryBytes: 4 * 2 ** 30 }))
    expect(find(root, 'vcpu')).toMatchObject({ text: '8', attributes: { current: '2' } })
    expect([find(root, 'memory')?.text, find(root, 'currentMemory')?.text]).toEqual(['4194304', '1048576'])
  })

  test('is emulated with a bounded cache and a CPU that exists everywhere', () => {
    const root = parseXml(buildVmXml({ ...plan, accelerator: 'emulation' }))
    expect(root.attributes.type).toBe('qemu')
    expect(find(root, 'features/tcg/tb-cache')).toMatchObject({ text: '16', attributes: { unit: 'MiB' } })
    expect(find(root, 'cpu/model')?.text).toBe('qemu64')
    expect(readVmXml(buildVmXml({ ...plan, accelerator: 'emulation' })).cpuMode).toBe('qemu64')
  })

  test('has the older board where the host has no other, and its disc a driver everywhere', () => {
    expect(machineTypeOf(['pc', 'isapc'])).toBe('pc')
    const root = parseXml(
      buildVmXml({
        ...plan,
        accelerator: 'kvm',
        seedPath: '/seed.iso',
        host: { architecture: 'x86_64', machineTypes: ['pc'] },
      }),
    )
    const [, disc] = findAll(find(root, 'devices'), 'disk')
    expect(find(disc, 'target')?.attributes).toEqual({ dev: 'sda', bus: 'scsi' })
    expect(findAll(find(root, 'devices'), 'controller').map((each) => each.attributes.model)).toEqual([
      'virtio-scsi',
      'none',
    ])
  })

  test('gives the same card the same address, and others another', () => {
    expect(macOf(plan.uuid, 0)).toMatch(/^52:54:00(:[0-9a-f]{2}){3}$/)
    expect(macOf(plan.uuid, 0)).toBe(macOf(plan.uuid, 0))
    expect(new Set([0, 1, 2].map((index) => macOf(plan.uuid, index))).size).toBe(3)
  })
})

describe('storage', () => {
  test('a volume reads back as planned', () => {
    const planned = {
      name: 'a & b.qcow2',
      format: 'qcow2',
      capacityBytes: 12345678,
      backing: { path: '/base', format: 'raw' },
    } as const
    const { name, format, capacityBytes, backingPath } = readVolumeXml(buildVolumeXml(planned))
    expect({ name, format, capacityBytes, backingPath }).toEqual({
      name: planned.name,
      format: 'qcow2',
      capacityBytes: 12345678,
      backingPath: '/base',
    })
  })

  test('a qcow2 volume can keep what backups need, a raw one has nothing of it', () => {
    const volume = { name: 'v', capacityBytes: 1 }
    expect(find(parseXml(buildVolumeXml({ ...volume, format: 'qcow2' })), 'target/compat')?.text).toBe('1.1')
    expect(find(parseXml(buildVolumeXml({ ...volume, format: 'raw' })), 'target/compat')).toBeUndefined()
  })

  test('pools that two hosts see have the same key, local ones none', () => {
    const nfs = (name: string) =>
      `<pool type='netfs'><name>${name}</name><source><host name='nas'/><dir path='/vol'/><format type='nfs'/></source><target><path>/mnt/${name}</path></target><capacity unit='bytes'>10</capacity></pool>`
    expect(readPoolXml(nfs('a'))).toMatchObject({ kind: 'netfs', path: '/mnt/a', capacityBytes: 10 })
    expect(readPoolXml(nfs('a')).sharedKey).toBe(readPoolXml(nfs('b')).sharedKey)
    const rbd = (...monitors: string[]) =>
      `<pool type='rbd'><name>r</name><source>${monitors.map((each) => `<host name='${each}'/>`).join('')}<name>vms</name></source></pool>`
    expect(readPoolXml(rbd('m1', 'm2')).sharedKey).toBe(readPoolXml(rbd('m2', 'm1')).sharedKey)
    expect(readPoolXml(`<pool type='dir'><name>d</name><target><path>/d</path></target></pool>`).sharedKey).toBeNull()
  })

  test('networks', () => {
    const nat = `<network><name>n</name><forward mode='nat'/><bridge name='virbr0'/><ip address='192.168.122.1' netmask='255.255.255.0'/></network>`
    expect(readNetworkXml(nat)).toEqual({ name: 'n', mode: 'nat', bridge: 'virbr0', cidr: '192.168.122.1/24' })
    expect(readNetworkXml('<network><name>i</name></network>')).toEqual({
      name: 'i',
      mode: 'isolated',
      bridge: null,
      cidr: null,
    })
  })
})

test('capabilities are those for guests of the own architecture', () => {
  const arch = (name: string, kvm: boolean) =>
    `<guest><os_type>hvm</os_type><arch name='${name}'><emulator>/usr/bin/qemu-${name}</emulator><machine canonical='pc-${name}-9'>pc</machine><domain type='qemu'/>${kvm ? "<domain type='kvm'/>" : ''}</arch></guest>`
  const xml = `<capabilities><host><uuid>u</uuid><cpu><arch>x86_64</arch><model>EPYC</model><vendor>AMD</vendor><feature name='svm'/></cpu></host>${arch('i686', false)}${arch('x86_64', true)}</capabilities>`
  expect(readCapabilitiesXml(xml)).toEqual({
    hostUuid: 'u',
    architecture: 'x86_64',
    cpuModel: 'AMD EPYC',
    cpuFeatures: ['svm'],
    machineTypes: ['pc', 'pc-x86_64-9'],
    kvmOffered: true,
    emulator: '/usr/bin/qemu-x86_64',
  })
  expect(readCapabilitiesXml(xml.replace("<domain type='kvm'/>", '')).kvmOffered).toBe(false)
})

test('a device of the host', () => {
  const xml = `<device><name>pci_0</name><parent>computer</parent><driver><name>nvme</name></driver><capability type='pci'><product id='0x1'>SSD</product><vendor id='0x2'>Maker</vendor></capability></device>`
  expect(readDeviceXml(xml)).toEqual({
    name: 'pci_0',
    kind: 'pci',
    vendor: 'Maker',
    product: 'SSD',
    driver: 'nvme',
    parent: 'computer',
  })
})
