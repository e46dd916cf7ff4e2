import { XmlEdit } from './edit.ts'
import { find, findAll, parseXml, type XmlElement, XmlError } from './tree.ts'
import { xml } from './write.ts'

const sourceAttributes = ['file', 'dev'] as const

/** New paths by the old path, by `pool/volume`, or for whatever else a disk reads from by its target (vda …), which has no slash. */
export type NewPaths = Readonly<Record<string, string>>

/**
 * The definition with other paths for some disks. A backing chain written down for such a disk goes: the copy has none,
 * or names it in its own file.
 */
export function withDiskSources(definition: string, sources: NewPaths): string {
  const edit = new XmlEdit(definition)
  moveDisks(edit, edit.root, sources)
  return edit.toString()
}

function moveDisks(edit: XmlEdit, domain: XmlElement, sources: NewPaths): void {
  for (const disk of findAll(find(domain, 'devices'), 'disk')) {
    const source = find(disk, 'source')
    if (!source) continue
    const attribute = sourceAttributes.find((name) => source.attributes[name] !== undefined)
    const { pool = '', volume = '' } = source.attributes
    const old = attribute ? source.attributes[attribute] : `${pool}/${volume}`
    const path = sources[old ?? ''] ?? sources[find(disk, 'target')?.attributes.dev ?? '']
    if (path === undefined) continue
    if (attribute) edit.setAttribute(source, attribute, path)
    else replaceVolumeSource(edit, disk, source, path)
    const backing = find(disk, 'backingStore')
    if (backing) edit.remove(backing)
  }
}

/** A disk named by pool and volume becomes one named by its file. */
function replaceVolumeSource(edit: XmlEdit, disk: XmlElement, source: XmlElement, path: string): void {
  edit.setAttribute(disk, 'type', 'file')
  edit.replace(source, xml('source', { file: path }))
}

/**
 * The same of the definition of a snapshot or checkpoint, which carries definitions of the VM as it was, when a disk may
 * have been a file that it now stands on, and names the files that the snapshot made.
 */
export function withSnapshotSources(definition: string, sources: NewPaths): string {
  const edit = new XmlEdit(definition)
  const made = findAll(find(edit.root, 'disks'), 'disk').map((disk) => find(disk, 'source'))
  for (const element of [...made, find(edit.root, 'memory')]) {
    const path = sources[element?.attributes.file ?? '']
    if (element && path !== undefined) edit.setAttribute(element, 'file', path)
  }
  for (const name of ['domain', 'inactiveDomain']) {
    const domain = find(edit.root, name)
    if (domain) moveDisks(edit, domain, sources)
  }
  return edit.toString()
}

export interface Twin {
  uuid: string
  name: string
  notes: string
  /** New paths by disk target */
  disks: Readonly<Record<string, string>>
  /** Of the n-th network card */
  mac(index: number): string
}

/** What a clone is defined by: everything as the original has it, but its identity, disks and addresses. */
export function twinXml(definition: string, twin: Twin): string {
  const edit = new XmlEdit(definition)
  twinIdentity(edit, twin)
  moveDisks(edit, edit.root, twin.disks)
  for (const [index, card] of findAll(find(edit.root, 'devices'), 'interface').entries()) {
    const mac = find(card, 'mac')
    if (mac) edit.setAttribute(mac, 'address', twin.mac(index))
    const target = find(card, 'target')
    if (target) edit.remove(target)
  }
  return edit.toString()
}

/** Name and UUID of its own, and none of the original’s files and sockets. */
export function twinIdentity(edit: XmlEdit, twin: Pick<Twin, 'uuid' | 'name' | 'notes'>): void {
  setOrAdd(edit, 'name', twin.name)
  setOrAdd(edit, 'uuid', twin.uuid)
  setOrAdd(edit, 'description', twin.notes)
  // A second guest must not write into the first one's files and sockets.
  for (const path of ['serial', 'console']) {
    for (const device of findAll(find(edit.root, 'devices'), path)) {
      const log = find(device, 'log')
      if (log) edit.remove(log)
    }
  }
  for (const channel of findAll(find(edit.root, 'devices'), 'channel')) {
    const source = find(channel, 'source')
    if (channel.attributes.type === 'unix' && source) edit.remove(source)
  }
}

function setOrAdd(edit: XmlEdit, name: string, text: string): void {
  const element = find(edit.root, name)
  if (element && text === '') edit.remove(element)
  else if (element) edit.setText(element, text)
  else if (text !== '') edit.append(edit.root, xml(name, {}, text))
}

/** Whose definition it is; null when it is none or not well-formed. */
export function identityOf(definition: string): { uuid: string | null; name: string } | null {
  try {
    const root = parseXml(definition)
    const name = find(root, 'name')?.text
    return root.name === 'domain' && name ? { name, uuid: find(root, 'uuid')?.text ?? null } : null
  } catch (error) {
    if (error instanceof XmlError) return null
    throw error
  }
}
