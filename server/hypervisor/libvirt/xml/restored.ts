import type { DiskBacking } from '../../backing.ts'
import { backingElement } from './backing.ts'
import { XmlEdit } from './edit.ts'
import { type Twin, twinIdentity } from './relocate.ts'
import { attributeAt, find, findAll, type XmlElement } from './tree.ts'
import { xml } from './write.ts'

export interface Restored extends Omit<Twin, 'disks'> {
  /** Paths of qcow2 files by disk target; disks that are not named are left out */
  disks: Readonly<Record<string, string>>
  /** Of the n-th card; null: plugged into nothing */
  networks: readonly (string | null)[]
  /** What a disk reads that was never written in it */
  backing?(target: string): DiskBacking | undefined
}

/** Addresses on which every host can listen. */
const anyHosts = ['127.0.0.1', '::1', '0.0.0.0', '::']

/**
 * What a VM that is made of a recovery point is defined by, at any host: as it was, but with an identity, disks and
 * addresses of its own, and without what only its host then had.
 * @returns what was left out, too, in words
 */
export function restoredXml(definition: string, restored: Restored): { xml: string; leftOut: string[] } {
  const edit = new XmlEdit(definition)
  const devices = find(edit.root, 'devices')
  const leftOut: string[] = []
  twinIdentity(edit, restored)
  for (const disk of findAll(devices, 'disk')) placeDisk(edit, disk, restored, leftOut)
  for (const [index, card] of findAll(devices, 'interface').entries()) {
    plug(edit, card, restored.mac(index), restored.networks[index] ?? null)
  }
  for (const device of findAll(devices, 'hostdev')) {
    edit.remove(device)
    leftOut.push('a device of its host')
  }
  for (const screen of findAll(devices, 'graphics')) freeScreen(edit, screen)
  freshFirmware(edit)
  return { xml: edit.toString(), leftOut }
}

function placeDisk(edit: XmlEdit, disk: XmlElement, { disks, backing }: Restored, leftOut: string[]): void {
  const target = attributeAt(disk, 'target', 'dev') ?? ''
  const source = find(disk, 'source')
  const path = disks[target]
  if (path === undefined) {
    const isDrive = disk.attributes.device === 'cdrom' || disk.attributes.device === 'floppy'
    // A disc lies at its host of then; the drive stays.
    if (!isDrive) edit.remove(disk)
    else if (source) edit.remove(source)
    if (!isDrive || source) leftOut.push(isDrive ? `the disc in ${target}` : `the disk ${target}`)
    return
  }
  edit.setAttribute(disk, 'type', 'file')
  const shared = backing?.(target)
  // A guest whose reads fail would lose its file systems: it stands still until they don't.
  const policies = shared ? { error_policy: 'stop', rerror_policy: 'stop' } : {}
  const driver = find(disk, 'driver')
  const wanted = { type: 'qcow2', ...policies }
  if (driver) for (const [name, value] of Object.entries(wanted)) edit.setAttribute(driver, name, value)
  else edit.append(disk, xml('driver', { name: 'qemu', ...wanted }))
  if (source) edit.replace(source, xml('source', { file: path }))
  else edit.append(disk, xml('source', { file: path }))
  for (const name of ['backingStore', 'mirror']) {
    const element = find(disk, name)
    if (element) edit.remove(element)
  }
  if (shared) edit.append(disk, backingElement(shared))
}

function plug(edit: XmlEdit, card: XmlElement, mac: string, network: string | null): void {
  const model = attributeAt(card, 'model', 'type')
  const address = find(card, 'address')
  const alias = attributeAt(card, 'alias', 'name')
  edit.replace(
    card,
    xml(
      'interface',
      { type: network === null ? 'ethernet' : 'network' },
      xml('mac', { address: mac }),
      network !== null && xml('source', { network }),
      model && xml('model', { type: model }),
      network === null && xml('link', { state: 'down' }),
      alias?.startsWith('ua-') && xml('alias', { name: alias }),
      address && xml('address', address.attributes),
    ),
  )
}

/** A port or an address of the host of then may be another's here. */
function freeScreen(edit: XmlEdit, screen: XmlElement): void {
  const { port, websocket, listen, autoport } = screen.attributes
  if (autoport === 'no' || (port !== undefined && Number(port) > 0)) {
    edit.setAttribute(screen, 'port', '-1')
    edit.setAttribute(screen, 'autoport', 'yes')
  }
  if (websocket !== undefined) edit.setAttribute(screen, 'websocket', '-1')
  if (listen !== undefined && !anyHosts.includes(listen)) edit.setAttribute(screen, 'listen', '127.0.0.1')
  const element = find(screen, 'listen')
  const address = element?.attributes.address
  if (element && address && !anyHosts.includes(address)) edit.setAttribute(element, 'address', '127.0.0.1')
}

/** Two VMs must not write their settings of the firmware into one file, nor be one generation. */
function freshFirmware(edit: XmlEdit): void {
  const nvram = find(find(edit.root, 'os'), 'nvram')
  const template = nvram?.attributes.template
  if (nvram && template) edit.replace(nvram, xml('nvram', { template }))
  else if (nvram) edit.remove(nvram)
  const generation = find(edit.root, 'genid')
  if (generation) edit.replace(generation, xml('genid'))
}
