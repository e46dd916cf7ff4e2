import { randomUUID } from 'node:crypto'
import { stableMac } from '#lab/guest/definition.ts'
import { XmlError } from '#server/hypervisor/libvirt/xml/tree.ts'
import { Refusal } from '../refusal.ts'
import { Element } from './element.ts'

const emulator = '/usr/bin/qemu-system-x86_64'
const agentChannel = 'org.qemu.guest_agent.0'
const machineAliases: Record<string, string> = { pc: 'pc-i440fx-7.2', q35: 'pc-q35-7.2' }

export interface NewVm {
  uuid: string
  name: string
  notes: string
  vcpus: number
  memoryKiB: number
  diskPath: string
  network: string
}

const leaf = (name: string, attributes: Record<string, string> = {}) => new Element(name, attributes)
const group = (name: string, ...children: Element[]) => new Element(name, {}, children)

/** The definition of a VM of the fleet, as libvirt would keep it. It has room to grow while it runs. */
export function newDefinition(vm: NewVm): string {
  const kib = (name: string, value: number) => new Element(name, { unit: 'KiB' }, String(value))
  const text = (name: string, value: string) => new Element(name, {}, value)
  const disk = new Element('disk', { type: 'file', device: 'disk' }, [
    leaf('driver', { name: 'qemu', type: 'qcow2', cache: 'none', discard: 'unmap' }),
    leaf('source', { file: vm.diskPath }),
    leaf('target', { dev: 'vda', bus: 'virtio' }),
  ])
  const card = new Element('interface', { type: 'network' }, [
    leaf('mac', { address: stableMac(vm.uuid) }),
    leaf('source', { network: vm.network }),
    leaf('model', { type: 'virtio' }),
  ])
  return new Element('domain', { type: 'kvm' }, [
    text('name', vm.name),
    text('uuid', vm.uuid),
    ...(vm.notes ? [text('description', vm.notes)] : []),
    kib('memory', vm.memoryKiB * 2),
    kib('currentMemory', vm.memoryKiB),
    new Element('vcpu', { placement: 'static', current: String(vm.vcpus) }, String(vm.vcpus * 2)),
    group('os', new Element('type', { arch: 'x86_64', machine: machineAliases.q35 ?? '' }, 'hvm')),
    group('features', leaf('acpi'), leaf('apic')),
    leaf('cpu', { mode: 'host-model', check: 'partial' }),
    leaf('clock', { offset: 'utc' }),
    text('on_poweroff', 'destroy'),
    text('on_reboot', 'restart'),
    text('on_crash', 'destroy'),
    group(
      'devices',
      text('emulator', emulator),
      disk,
      card,
      new Element('serial', { type: 'pty' }, [leaf('target', { port: '0' })]),
      new Element('console', { type: 'pty' }, [leaf('target', { type: 'serial', port: '0' })]),
      new Element('channel', { type: 'unix' }, [leaf('target', { type: 'virtio', name: agentChannel })]),
      new Element('graphics', { type: 'vnc', port: '-1', autoport: 'yes', websocket: '-1' }, [
        leaf('listen', { type: 'address', address: '127.0.0.1' }),
      ]),
      new Element('video', {}, [leaf('model', { type: 'virtio' })]),
      new Element('memballoon', { model: 'virtio' }, [leaf('stats', { period: '5' })]),
    ),
  ]).toString()
}

/** Reads what a person or program wrote. @throws Refusal with what is wrong in it */
export function readXml(source: string, root?: string): Element {
  try {
    const element = Element.parse(source)
    if (root === undefined || element.name === root) return element
    throw new Refusal('xmlError', `XML error: unexpected root element <${element.name}>, expecting <${root}>`, 'xml')
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    throw new Refusal('xmlDetail', `(${root ?? 'device'}_definition): ${error.message}`, 'domainConfig')
  }
}

const unitKib: Record<string, number> = {
  b: 1 / 1024,
  bytes: 1 / 1024,
  KiB: 1,
  k: 1,
  KB: 1000 / 1024,
  MiB: 1024,
  M: 1024,
}
unitKib.GiB = unitKib.G = 1024 * 1024

export const kibOf = (element: Element | undefined) =>
  element ? Math.ceil(Number(element.text) * (unitKib[element.attributes.unit ?? 'KiB'] ?? Number.NaN)) : Number.NaN

/** Fills in what libvirt fills in, so that a definition read back says everything. @throws Refusal */
export function normalDefinition(source: string): Element {
  const vm = readXml(source, 'domain')
  const wrong = (what: string) => new Refusal('xmlError', `XML error: ${what}`, 'domainConfig')
  if (!vm.find('name')?.text) throw new Refusal('noName', 'missing domain name information', 'domainConfig')
  if (!vm.find('os/type')) throw wrong('an os <type> must be specified')
  const memoryKib = kibOf(vm.find('memory') ?? vm.find('currentMemory'))
  if (!(memoryKib > 0)) throw wrong('missing or invalid memory element')
  const currentKib = kibOf(vm.find('currentMemory') ?? vm.find('memory'))
  if (!vm.find('uuid')?.text) vm.put(new Element('uuid', {}, randomUUID()), 'name')
  vm.put(new Element('memory', { unit: 'KiB' }, String(memoryKib)), 'description')
  vm.put(new Element('currentMemory', { unit: 'KiB' }, String(Math.min(currentKib, memoryKib))), 'memory')
  if (!vm.find('vcpu')) vm.put(new Element('vcpu', { placement: 'static' }, '1'), 'currentMemory')
  const type = vm.find('os/type')
  if (type) {
    type.attributes.arch ??= 'x86_64'
    type.attributes.machine = machineAliases[type.attributes.machine ?? 'pc'] ?? type.attributes.machine ?? ''
  }
  const devices = vm.find('devices') ?? vm.put(group('devices'))
  if (!devices.find('emulator')) devices.children.unshift(new Element('emulator', {}, emulator))
  const uuid = vm.find('uuid')?.text ?? ''
  for (const [index, card] of devices.findAll('interface').entries()) {
    if (!card.find('mac')) card.children.unshift(leaf('mac', { address: stableMac(`${uuid}/${index}`) }))
  }
  for (const disk of devices.findAll('disk')) {
    if (!disk.find('target')?.attributes.dev) throw wrong("missing target information for device 'disk'")
  }
  return vm
}

/** What a running VM has beyond its definition: its number, names of devices, ports, the agent's state. */
export function runningXml(config: string, id: number, agentConnected: boolean): string {
  const vm = Element.parse(config)
  vm.attributes.id = String(id)
  const devices = vm.find('devices')
  const counts: Record<string, number> = {}
  for (const device of devices?.children ?? []) {
    if (device.name === 'emulator') continue
    const index = counts[device.name] ?? 0
    counts[device.name] = index + 1
    if (device.name === 'interface') device.put(leaf('target', { dev: cardDevice(id, index) }), 'source')
    if (device.name === 'graphics') {
      device.attributes.port = String(5900 + (id % 10_000))
      if (device.attributes.websocket) device.attributes.websocket = String(15_700 + (id % 10_000))
    }
    if (device.name === 'serial' || device.name === 'console') {
      device.put(leaf('source', { path: `/dev/pts/${id}` }))
    }
    const target = device.find('target')
    if (device.name === 'channel' && target?.attributes.name === agentChannel) {
      target.attributes.state = agentConnected ? 'connected' : 'disconnected'
    }
    if (device.name !== 'graphics') device.put(leaf('alias', { name: aliasOf(device, index) }))
  }
  return vm.toString()
}

/** The name of a network card on its host. */
export const cardDevice = (id: number, index: number) => `vnet${id * 8 + index}`

/** The name by which events speak of a device. */
export function aliasOf(device: Element, index: number): string {
  const target = device.find('target')?.attributes
  if (device.name === 'disk') return `${target?.bus ?? 'virtio'}-disk-${target?.dev ?? index}`
  return `${device.name === 'interface' ? 'net' : device.name}${index}`
}

export interface Shape {
  vcpus: number
  maximumVcpus: number
  memoryKiB: number
  maximumKiB: number
  disks: { target: string; path: string | undefined; format: string }[]
  /** By network card. */
  macs: string[]
  hasAgentChannel: boolean
  isKvm: boolean
}

/** What a definition says of the parts that the model counts with. */
export function shapeOf(config: string): Shape {
  const vm = Element.parse(config)
  const devices = vm.find('devices')
  const vcpu = vm.find('vcpu')
  const maximumVcpus = Number(vcpu?.text ?? 1)
  return {
    vcpus: Number(vcpu?.attributes.current ?? maximumVcpus),
    maximumVcpus,
    memoryKiB: kibOf(vm.find('currentMemory')),
    maximumKiB: kibOf(vm.find('memory')),
    disks: (devices?.findAll('disk') ?? []).map((disk) => {
      const source = disk.find('source')?.attributes
      return {
        target: disk.find('target')?.attributes.dev ?? '',
        path: source?.file ?? source?.dev,
        format: disk.find('driver')?.attributes.type ?? 'raw',
      }
    }),
    macs: (devices?.findAll('interface') ?? []).map((card) => card.find('mac')?.attributes.address ?? ''),
    hasAgentChannel: (devices?.findAll('channel') ?? []).some(
      (channel) => channel.find('target')?.attributes.name === agentChannel,
    ),
    isKvm: vm.attributes.type === 'kvm',
  }
}
