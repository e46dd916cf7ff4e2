import { affect, memoryFlag, vcpuFlag } from '#server/libvirt/flag.ts'
import { definedDetail, lifecycleEvent, metadataType } from '#server/libvirt/value.ts'
import { aliasOf, kibOf, readXml } from '../model/definition.ts'
import { Element } from '../model/element.ts'
import type { Host } from '../model/host.ts'
import type { Vm } from '../model/vm.ts'
import { invalidArgument, notNow, notRunning, Refusal } from '../refusal.ts'
import type { Handlers } from './handler.ts'

interface Targets {
  live: boolean
  config: boolean
}

/** Where an edit lands. @throws Refusal where the VM has no such place */
function targetsOf(vm: Vm, flags: number): Targets {
  const given = flags & (affect.live | affect.config)
  const live = given ? (given & affect.live) !== 0 : vm.isActive
  const config = given ? (given & affect.config) !== 0 : !vm.isActive
  if (live && !vm.isActive) throw notRunning()
  if (config && !vm.isPersistent) throw notNow('transient domains do not have any persistent config')
  return { live, config }
}

/** Changes what it runs with, what its next start uses, or both; both or none when `change` throws. */
function edit(vm: Vm, { live, config }: Targets, change: (root: Element, isLive: boolean) => void) {
  const changed = (source: string, isLive: boolean) => {
    const root = Element.parse(source)
    change(root, isLive)
    return root.toString()
  }
  const running = live ? changed(vm.config ?? vm.definition, true) : vm.config
  const definition = config ? changed(vm.definition, false) : vm.definition
  vm.config = running
  vm.definition = definition
}

/** The same device: a disk by its target, a card by its address, another by everything it says. */
function isSame(device: Element, other: Element): boolean {
  if (device.name !== other.name) return false
  const key = (element: Element) =>
    element.name === 'disk'
      ? element.find('target')?.attributes.dev
      : element.name === 'interface'
        ? element.find('mac')?.attributes.address?.toLowerCase()
        : element.toString()
  return key(device) === key(other)
}

const devicesOf = (root: Element) => root.find('devices') ?? root.put(new Element('devices'))

function attach(root: Element, device: Element) {
  const devices = devicesOf(root)
  if (devices.children.some((each) => isSame(each, device))) {
    const name = device.find('target')?.attributes.dev ?? device.find('mac')?.attributes.address ?? device.name
    throw notNow(`target ${name} already exists`)
  }
  const last = devices.children.findLastIndex((each) => each.name === device.name)
  devices.children.splice(last < 0 ? devices.children.length : last + 1, 0, Element.parse(device.toString()))
}

/** @returns the name that the device had */
function detach(root: Element, device: Element): string {
  const devices = devicesOf(root)
  const kind = devices.findAll(device.name)
  const index = kind.findIndex((each) => isSame(each, device))
  const found = kind[index]
  if (!found) throw new Refusal('deviceMissing', `device not found: no matching ${device.name} device was found`)
  devices.children = devices.children.filter((each) => each !== found)
  return aliasOf(found, index)
}

function setText(root: Element, name: string, value: string | null | undefined) {
  if (value) root.put(new Element(name, {}, value), name === 'title' ? 'uuid' : root.find('title') ? 'title' : 'uuid')
  else root.remove(name)
}

function rename(host: Host, vm: Vm, name: string) {
  if (vm.isActive) throw notNow('cannot rename active domain')
  if (host.vmByName(name)) throw new Refusal('operationInvalid', `operation failed: domain '${name}' already exists`)
  const root = Element.parse(vm.definition)
  root.put(new Element('name', {}, name))
  host.tell('domainLifecycle', { domain: vm.handle, event: lifecycleEvent.undefined, detail: 1 })
  vm.name = name
  vm.definition = root.toString()
  host.tellLife(vm, 'defined', definedDetail.renamed)
}

/** Edits of what a VM is made of. */
export const editHandlers: Handlers = {
  domainSetVcpusFlags({ domain, vcpus, flags }, { host }) {
    const vm = host.vm(domain.uuid)
    const targets = targetsOf(vm, flags)
    if (flags & vcpuFlag.maximum && targets.live) throw invalidArgument('cannot adjust maximum on running domain')
    if (vcpus === 0) throw invalidArgument('vcpus must be greater than zero')
    edit(vm, targets, (root, isLive) => {
      const element = root.find('vcpu')
      if (!element) return
      const maximum = Number(element.text)
      const current = Number(element.attributes.current ?? maximum)
      if (flags & vcpuFlag.maximum) {
        element.text = String(vcpus)
        element.attributes.current = String(Math.min(current, vcpus))
        return
      }
      if (vcpus > maximum) {
        const place = isLive ? 'live' : 'persistent'
        const text = `requested vcpus is greater than max allowable vcpus for the ${place} domain: ${vcpus} > ${maximum}`
        throw invalidArgument(text)
      }
      element.attributes.current = String(vcpus)
    })
    return {}
  },
  domainGetVcpusFlags({ domain, flags }, { host }) {
    const { vcpus, maximumVcpus } = host.vm(domain.uuid).shape
    return { vcpus: flags & vcpuFlag.maximum ? maximumVcpus : vcpus }
  },
  domainSetMemoryFlags({ domain, memoryKiB, flags }, { host }) {
    const vm = host.vm(domain.uuid)
    const targets = targetsOf(vm, flags)
    const wanted = Number(memoryKiB)
    if (flags & memoryFlag.maximum && targets.live) {
      throw notNow('cannot resize the maximum memory on an active domain')
    }
    edit(vm, targets, (root) => {
      const maximum = kibOf(root.find('memory'))
      const put = (name: string, value: number) =>
        root.put(new Element(name, { unit: 'KiB' }, String(value)), name === 'memory' ? 'uuid' : 'memory')
      if (flags & memoryFlag.maximum) {
        put('memory', wanted)
        if (kibOf(root.find('currentMemory')) > wanted) put('currentMemory', wanted)
        return
      }
      if (wanted > maximum) throw invalidArgument('cannot set memory higher than max memory')
      if (targets.live && wanted > vm.shape.memoryKiB) host.reserve(wanted - vm.shape.memoryKiB)
      put('currentMemory', wanted)
    })
    if (targets.live) host.tell('domainBalloonChange', { domain: vm.handle, actualKiB: memoryKiB })
    return {}
  },
  domainAttachDeviceFlags({ domain, xml, flags }, { host }) {
    const vm = host.vm(domain.uuid)
    const targets = targetsOf(vm, flags)
    const device = readXml(xml)
    edit(vm, targets, (root) => attach(root, device))
    if (targets.live)
      host.tell('domainDeviceAdded', { domain: vm.handle, alias: aliasOf(device, vm.shape.macs.length - 1) })
    return {}
  },
  domainDetachDeviceFlags({ domain, xml, flags }, { host }) {
    const vm = host.vm(domain.uuid)
    const targets = targetsOf(vm, flags)
    const device = readXml(xml)
    let alias = ''
    edit(vm, targets, (root, isLive) => {
      const name = detach(root, device)
      if (isLive) alias = name
    })
    if (targets.live) host.tell('domainDeviceRemoved', { domain: vm.handle, alias })
    return {}
  },
  domainUpdateDeviceFlags({ domain, xml, flags }, { host }) {
    const vm = host.vm(domain.uuid)
    const device = readXml(xml)
    edit(vm, targetsOf(vm, flags), (root) => {
      detach(root, device)
      attach(root, device)
    })
    return {}
  },
  domainSetMetadata({ domain, type, metadata, flags, key, uri }, { host }) {
    const vm = host.vm(domain.uuid)
    const targets = targetsOf(vm, flags)
    edit(vm, targets, (root) => {
      if (type === metadataType.description) setText(root, 'description', metadata)
      else if (type === metadataType.title) setText(root, 'title', metadata)
      else setElement(root, metadata, key, uri)
    })
    host.tell('domainMetadataChange', { domain: vm.handle, type, uri })
    return {}
  },
  domainGetMetadata({ domain, type, uri }, { host }) {
    const root = Element.parse(host.vm(domain.uuid).xml())
    const name = type === metadataType.description ? 'description' : 'title'
    const own = root.find('metadata')?.children.find((child) => namespaceOf(child) === uri)
    const metadata = type === metadataType.element ? own?.toString() : root.find(name)?.text
    if (!metadata)
      throw new Refusal('noMetadata', 'metadata not found: Requested metadata element is not present', 'domainConfig')
    return { metadata }
  },
  domainRename({ domain, newName }, { host }) {
    if (!newName) throw invalidArgument('a name is needed')
    rename(host, host.vm(domain.uuid), newName)
    return { result: 0 }
  },
}

/** The address that an element's own prefix stands for. */
function namespaceOf({ name, attributes }: Element): string | undefined {
  const prefix = name.includes(':') ? name.slice(0, name.indexOf(':')) : ''
  return attributes[prefix ? `xmlns:${prefix}` : 'xmlns']
}

function setElement(root: Element, source: string | null, key: string | null, uri: string | null) {
  if (!uri) throw invalidArgument('a metadata element needs an address')
  const metadata = root.find('metadata') ?? root.put(new Element('metadata'), 'uuid')
  metadata.children = metadata.children.filter((child) => namespaceOf(child) !== uri)
  if (source) {
    const { name, attributes, children, text } = Element.parse(source)
    const prefixed = key ? { [`xmlns:${key}`]: uri, ...attributes } : { xmlns: uri, ...attributes }
    metadata.children.push(new Element(key ? `${key}:${name}` : name, prefixed, children.length > 0 ? children : text))
  }
  if (metadata.children.length === 0) root.remove('metadata')
}
