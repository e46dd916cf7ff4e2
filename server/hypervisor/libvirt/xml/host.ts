import type { HostDeviceFacts, HostFacts } from '../../facts.ts'
import { attributeAt, find, findAll, parseXml, textAt, type XmlElement } from './tree.ts'

export type Capabilities = Pick<
  HostFacts,
  'hostUuid' | 'architecture' | 'cpuModel' | 'cpuFeatures' | 'machineTypes' | 'kvmOffered'
> & {
  /** Program that runs guests of the host's own architecture. */
  emulator: string | null
}

/** Reads `<capabilities>`: what the host is, and what it offers guests of its own architecture. */
export function readCapabilitiesXml(xml: string): Capabilities {
  const root = parseXml(xml)
  const cpu = find(root, 'host/cpu')
  const architecture = textAt(cpu, 'arch') ?? 'x86_64'
  const guest = findAll(root, 'guest').find(
    (each) => textAt(each, 'os_type') === 'hvm' && attributeAt(each, 'arch', 'name') === architecture,
  )
  const arch = find(guest, 'arch')
  const kvm = findAll(arch, 'domain').find((domain) => domain.attributes.type === 'kvm')
  return {
    hostUuid: textAt(root, 'host/uuid') ?? '',
    architecture,
    cpuModel: [textAt(cpu, 'vendor'), textAt(cpu, 'model')].filter(Boolean).join(' ') || architecture,
    cpuFeatures: findAll(cpu, 'feature').flatMap((feature) => feature.attributes.name ?? []),
    machineTypes: machinesOf(arch, kvm),
    kvmOffered: kvm !== undefined,
    emulator: textAt(kvm, 'emulator') ?? textAt(arch, 'emulator'),
  }
}

/** Names with the versions behind aliases such as `pc` and `q35`. */
function machinesOf(...places: (XmlElement | undefined)[]): string[] {
  const machines = places.flatMap((place) => findAll(place, 'machine'))
  return [...new Set(machines.flatMap((machine) => [machine.text, machine.attributes.canonical ?? machine.text]))]
}

export function readDeviceXml(xml: string): HostDeviceFacts {
  const root = parseXml(xml)
  const capability = find(root, 'capability')
  return {
    name: textAt(root, 'name') ?? '',
    kind: capability?.attributes.type ?? 'unknown',
    vendor: textAt(capability, 'vendor'),
    product: textAt(capability, 'product') ?? textAt(capability, 'model') ?? textAt(capability, 'interface'),
    driver: textAt(root, 'driver/name'),
    parent: textAt(root, 'parent'),
  }
}
