import { Refusal } from '../refusal.ts'
import { Element } from './element.ts'
import { fleetNetwork, type Host } from './host.ts'
import { seeded } from './wave.ts'

const emulator = '/usr/bin/qemu-system-x86_64'
const cpuFeatures = ['vmx', 'pcid', 'aes', 'avx', 'avx2', 'sse4.2', 'x2apic', 'rdrand', 'smep', 'smap', 'invpcid']

const leaf = (name: string, attributes: Record<string, string>) => new Element(name, attributes)
const text = (name: string, value: string) => new Element(name, {}, value)
const group = (name: string, ...children: Element[]) => new Element(name, {}, children)

export function capabilitiesXml({ plan, uuid }: Host): string {
  const cpu = group(
    'cpu',
    text('arch', 'x86_64'),
    text('model', plan.cpuModel),
    text('vendor', 'Intel'),
    leaf('topology', { sockets: plan.cpus >= 32 ? '2' : '1', dies: '1', cores: String(plan.cpus / 2), threads: '2' }),
    ...cpuFeatures.map((name) => leaf('feature', { name })),
  )
  const machine = (name: string, canonical: string) =>
    new Element('machine', { canonical, maxCpus: canonical.includes('q35') ? '288' : '255' }, name)
  const arch = new Element('arch', { name: 'x86_64' }, [
    text('wordsize', '64'),
    text('emulator', emulator),
    machine('pc', 'pc-i440fx-7.2'),
    machine('q35', 'pc-q35-7.2'),
    leaf('domain', { type: 'qemu' }),
    leaf('domain', { type: 'kvm' }),
  ])
  return group(
    'capabilities',
    group('host', text('uuid', uuid), cpu, group('migration_features', leaf('live', {}))),
    group('guest', text('os_type', 'hvm'), arch),
  ).toString()
}

export function domainCapabilitiesXml({ plan }: Host): string {
  const hostModel = new Element('mode', { name: 'host-model', supported: 'yes' }, [
    new Element('model', { fallback: 'forbid' }, plan.cpuModel),
    text('vendor', 'Intel'),
  ])
  return group(
    'domainCapabilities',
    text('path', emulator),
    text('domain', 'kvm'),
    text('machine', 'pc-q35-7.2'),
    text('arch', 'x86_64'),
    leaf('vcpu', { max: '288' }),
    group('cpu', leaf('mode', { name: 'host-passthrough', supported: 'yes' }), hostModel),
  ).toString()
}

export function sysinfoXml({ plan, uuid }: Host): string {
  const entry = (name: string, value: string) => new Element('entry', { name }, value)
  return new Element('sysinfo', { type: 'smbios' }, [
    group(
      'system',
      entry('manufacturer', 'Skerry'),
      entry('product', 'Simulated host'),
      entry('serial', plan.name),
      entry('uuid', uuid),
    ),
  ]).toString()
}

export function networkXml({ networkUuid }: Host): string {
  return group(
    'network',
    text('name', fleetNetwork),
    text('uuid', networkUuid),
    leaf('forward', { mode: 'bridge' }),
    leaf('bridge', { name: 'br0' }),
  ).toString()
}

interface Device {
  kind: string
  driver?: string
  details: Element[]
}

const pci = (slot: number, driver: string, product: string, vendor: string): Device => ({
  kind: 'pci',
  driver,
  details: [
    text('domain', '0'),
    text('bus', '1'),
    text('slot', String(slot)),
    text('function', '0'),
    text('product', product),
    text('vendor', vendor),
  ],
})

function devicesOf(host: Host): Map<string, Device> {
  const system = { kind: 'system', details: [text('product', 'Simulated host')] }
  const card = pci(0, 'ixgbe', '82599ES 10-Gigabit SFI/SFP+ Network Connection', 'Intel Corporation')
  const disk = pci(1, 'nvme', 'NVMe SSD Controller PM9A3', 'Samsung Electronics Co Ltd')
  const devices = new Map<string, Device>([
    ['computer', system],
    ['pci_0000_01_00_0', card],
    ['pci_0000_01_01_0', disk],
  ])
  if (seeded(`devices/${host.name}`)() < 0.25) {
    devices.set('pci_0000_01_02_0', pci(2, 'vfio-pci', 'AD104GL [L4]', 'NVIDIA Corporation'))
  }
  return devices
}

export const deviceNames = (host: Host): string[] => [...devicesOf(host).keys()]

/** @throws Refusal when the host has no such device */
export function deviceXml(host: Host, name: string): string {
  const device = devicesOf(host).get(name)
  if (!device) {
    throw new Refusal(
      'noNodeDevice',
      `Node device not found: no node device with matching name '${name}'`,
      'nodeDevice',
    )
  }
  return group(
    'device',
    text('name', name),
    ...(name === 'computer' ? [] : [text('parent', 'computer')]),
    ...(device.driver ? [group('driver', text('name', device.driver))] : []),
    new Element('capability', { type: device.kind }, device.details),
  ).toString()
}
