import { XmlEdit } from './edit.ts'
import { attributeAt, find, findAll, parseXml, type XmlElement } from './tree.ts'
import { xml } from './write.ts'

/** Devices through which a guest writes to what is not its own, or reaches out, with what they are in words. */
const outward: Readonly<Record<string, string>> = {
  hostdev: 'a device of its host',
  filesystem: 'a folder of its host',
  shmem: 'memory shared with others',
  redirdev: 'a redirected USB device',
  smartcard: 'a smart card',
  lease: 'a lock on its disks',
  parallel: 'a parallel port',
}
const inputsOfHost = ['passthrough', 'evdev']
/** What a channel may lead to: a socket that the hypervisor makes for this VM alone, or its screen. */
const ownChannels = ['unix', 'pty', 'spicevmc', 'spiceport', 'qemu-vdagent']

/**
 * A definition whose guest can meet nobody: its cards are unplugged, nothing of the host is handed to it, its serial
 * ports lead to the hypervisor alone, and its screen listens on no port.
 * @returns what was left out, too, in words
 */
export function isolatedXml(definition: string): { xml: string; leftOut: string[] } {
  const edit = new XmlEdit(definition)
  const leftOut: string[] = []
  const leave = (element: XmlElement, what: string) => {
    edit.remove(element)
    leftOut.push(what)
  }
  for (const each of edit.root.children) {
    // Options for QEMU itself come under a prefix of their own.
    if (each.name.includes(':')) leave(each, 'options of QEMU')
  }
  for (const device of find(edit.root, 'devices')?.children ?? []) {
    const { type } = device.attributes
    const what = outward[device.name]
    if (what) leave(device, what)
    else if (device.name === 'interface') unplug(edit, device)
    else if (device.name === 'serial' || device.name === 'console') ownPort(edit, device)
    else if (device.name === 'channel' && !ownChannels.includes(type ?? '')) leave(device, 'a channel to its host')
    else if (device.name === 'graphics') ownScreen(edit, device)
    else if (device.name === 'vsock')
      edit.replace(device, xml('vsock', { model: 'virtio' }, xml('cid', { auto: 'yes' })))
    else if (device.name === 'memory' && find(device, 'source/path')) leave(device, 'memory in a file')
    else if (device.name === 'input' && inputsOfHost.includes(type ?? '')) leave(device, 'an input of its host')
    else if (device.name === 'tpm' && attributeAt(device, 'backend', 'type') !== 'emulator') leave(device, 'a TPM')
    else if (device.name === 'rng' && attributeAt(device, 'backend', 'model') === 'egd')
      leave(device, 'a random device')
  }
  return { xml: edit.toString(), leftOut }
}

/** Its end at the host is in no bridge, and the guest sees no link: two walls, so that no packet goes anywhere. */
function unplug(edit: XmlEdit, card: XmlElement): void {
  const model = attributeAt(card, 'model', 'type')
  const address = find(card, 'address')
  edit.replace(
    card,
    xml(
      'interface',
      { type: 'ethernet' },
      xml('mac', { address: attributeAt(card, 'mac', 'address') }),
      model && xml('model', { type: model }),
      xml('link', { state: 'down' }),
      address && xml('address', address.attributes),
    ),
  )
}

function ownPort(edit: XmlEdit, port: XmlElement): void {
  edit.setAttribute(port, 'type', 'pty')
  for (const name of ['source', 'protocol', 'log']) {
    for (const element of findAll(port, name)) edit.remove(element)
  }
}

/** A picture is taken of it without anybody listening. */
function ownScreen(edit: XmlEdit, screen: XmlElement): void {
  const { type = '' } = screen.attributes
  if (type === 'vnc' || type === 'spice') {
    edit.replace(screen, xml('graphics', { type }, xml('listen', { type: 'socket' })))
  } else if (type !== 'egl-headless') edit.remove(screen)
}

/** Whether a VM that is there, by its definition, can meet nobody: the last look before its guest runs. */
export function isIsolated(definition: string): boolean {
  const devices = find(parseXml(definition), 'devices')
  return (
    findAll(devices, 'interface').every(
      (card) =>
        card.attributes.type === 'ethernet' && attributeAt(card, 'link', 'state') === 'down' && !find(card, 'source'),
    ) &&
    findAll(devices, 'hostdev').length === 0 &&
    findAll(devices, 'filesystem').length === 0
  )
}

/** Whether there is a serial console to read. */
export const hasSerialPort = (definition: string): boolean =>
  ['serial', 'console'].some((name) => findAll(find(parseXml(definition), 'devices'), name).length > 0)

export const hasAgentChannel = (definition: string): boolean =>
  findAll(find(parseXml(definition), 'devices'), 'channel').some(
    (channel) => attributeAt(channel, 'target', 'name') === 'org.qemu.guest_agent.0',
  )
