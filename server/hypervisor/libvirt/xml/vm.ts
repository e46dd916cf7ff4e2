import type { DiskFacts, GraphicsFacts, InterfaceFacts, VmFacts } from '../../facts.ts'
import { attributeAt, bytesOf, find, findAll, parseXml, textAt, type XmlElement } from './tree.ts'

/** What the definition alone tells of a VM; the rest comes from the hypervisor's other answers. */
export type DefinedVm = Pick<
  VmFacts,
  | 'uuid'
  | 'name'
  | 'notes'
  | 'vcpuCount'
  | 'memoryBytes'
  | 'architecture'
  | 'machineType'
  | 'cpuMode'
  | 'accelerator'
  | 'agentConnected'
  | 'disks'
  | 'interfaces'
  | 'graphics'
  | 'xml'
>

const agentChannel = 'org.qemu.guest_agent.0'

/** @throws XmlError where it is not well-formed */
export function readVmXml(xml: string): DefinedVm {
  const root = parseXml(xml)
  const devices = find(root, 'devices')
  const vcpu = find(root, 'vcpu')
  return {
    uuid: textAt(root, 'uuid') ?? '',
    name: textAt(root, 'name') ?? '',
    notes: textAt(root, 'description') ?? '',
    vcpuCount: Number(vcpu?.attributes.current ?? vcpu?.text ?? 1) || 1,
    memoryBytes: bytesOf(find(root, 'currentMemory') ?? find(root, 'memory'), 'KiB'),
    architecture: attributeAt(root, 'os/type', 'arch') ?? 'x86_64',
    machineType: attributeAt(root, 'os/type', 'machine') ?? '',
    cpuMode: cpuModeOf(root),
    accelerator: root.attributes.type === 'kvm' ? 'kvm' : 'emulation',
    agentConnected: findAll(devices, 'channel').some((channel) => {
      const target = find(channel, 'target')?.attributes
      return target?.name === agentChannel && target.state === 'connected'
    }),
    disks: findAll(devices, 'disk').map(readDisk),
    interfaces: findAll(devices, 'interface').map(readInterface),
    graphics: findAll(devices, 'graphics').map(readGraphics),
    xml,
  }
}

/** How its CPU follows the host's; the model where one is set. */
function cpuModeOf(root: XmlElement): string | null {
  const mode = attributeAt(root, 'cpu', 'mode')
  return mode === null || mode === 'custom' ? (textAt(root, 'cpu/model') ?? mode) : mode
}

const deviceKinds = ['disk', 'cdrom', 'floppy', 'lun'] as const
const sourceKinds = ['file', 'block', 'network', 'volume'] as const

/** The path, device or name that a `<source>` leads to. */
function sourceOf(source: XmlElement | undefined): string | null {
  const at = source?.attributes
  if (!at) return null
  if (at.file || at.dev || at.dir) return at.file ?? at.dev ?? at.dir ?? null
  if (at.protocol) return `${at.protocol}:${at.name ?? ''}`
  return at.volume ? `${at.pool ?? ''}/${at.volume}` : null
}

/** None for what comes over a network, whose name may be a secret. */
const pathOf = (source: XmlElement | undefined) => (source?.attributes.protocol ? null : sourceOf(source))

export function readDisk(disk: XmlElement): DiskFacts {
  const source = find(disk, 'source')
  const path = sourceOf(source)
  return {
    target: attributeAt(disk, 'target', 'dev') ?? '',
    bus: attributeAt(disk, 'target', 'bus') ?? '',
    device: deviceKinds.find((kind) => kind === disk.attributes.device) ?? 'disk',
    kind: path ? (sourceKinds.find((kind) => kind === disk.attributes.type) ?? 'file') : 'none',
    source: path,
    format: attributeAt(disk, 'driver', 'type'),
    poolName: source?.attributes.pool ?? null,
    volumeName: source?.attributes.volume ?? null,
    backingPath: pathOf(find(disk, 'backingStore/source')),
    capacityBytes: 0,
    allocationBytes: 0,
    readOnly: find(disk, 'readonly') !== undefined,
    shareable: find(disk, 'shareable') !== undefined,
  }
}

function readInterface(element: XmlElement): InterfaceFacts {
  const source = find(element, 'source')?.attributes
  return {
    mac: (attributeAt(element, 'mac', 'address') ?? '').toLowerCase(),
    model: attributeAt(element, 'model', 'type'),
    // While it runs, a card of a network over a bridge is of the type `bridge`, and still names its network.
    networkName: source?.network ?? null,
    bridge: source?.bridge ?? (element.attributes.type === 'direct' ? (source?.dev ?? null) : null),
    device: attributeAt(element, 'target', 'dev'),
    linkUp: attributeAt(element, 'link', 'state') !== 'down',
  }
}

/** A port that is not bound yet is -1 or 0. */
const port = (text: string | undefined) => (Number(text) > 0 ? Number(text) : null)

function readGraphics(element: XmlElement): GraphicsFacts {
  const { type, port: plain, websocket, passwd, listen } = element.attributes
  return {
    kind: type === 'vnc' || type === 'spice' ? type : 'other',
    address: attributeAt(element, 'listen', 'address') ?? listen ?? null,
    port: port(plain),
    websocketPort: port(websocket),
    hasPassword: passwd !== undefined,
  }
}

/** Whether a VM has the disk (by target) or card (by MAC) that a device's XML names; other devices it can't tell. */
export function holdsDevice(vmXml: string, deviceXml: string): boolean {
  const device = parseXml(deviceXml)
  const target = attributeAt(device, 'target', 'dev')
  const mac = attributeAt(device, 'mac', 'address')?.toLowerCase()
  return findAll(find(parseXml(vmXml), 'devices'), device.name).some((each) =>
    device.name === 'disk'
      ? attributeAt(each, 'target', 'dev') === target
      : mac !== undefined && attributeAt(each, 'mac', 'address')?.toLowerCase() === mac,
  )
}
