import type { BackingAddress, DiskBacking } from '../../backing.ts'
import { attributeAt, find, findAll, parseXml, type XmlElement } from './tree.ts'
import { type Xml, xml } from './write.ts'

/** What a disk reads that was never written in it; what is said in the disk's own file of such a thing does not count. */
export function backingElement({ address, exportName }: DiskBacking): Xml {
  const { at, tls } = sourceOf(address)
  return xml(
    'backingStore',
    { type: 'network' },
    xml('format', { type: 'raw' }),
    xml('source', { protocol: 'nbd', name: exportName, ...tls }, at),
    xml('backingStore'),
  )
}

function sourceOf(address: BackingAddress): { at: Xml; tls: Record<string, string | null> } {
  if ('socketPath' in address) return { at: xml('host', { transport: 'unix', socket: address.socketPath }), tls: {} }
  // What leads on from there is encrypted, whatever the host asks of others by default.
  if ('loopbackPort' in address) {
    return { at: xml('host', { name: '127.0.0.1', port: address.loopbackPort }), tls: { tls: 'no' } }
  }
  const { host: name, port, tlsName } = address
  return { at: xml('host', { name, port }), tls: { tls: 'yes', tlsHostname: tlsName } }
}

const disksOf = (root: XmlElement) => findAll(find(root, 'devices'), 'disk')
const isShared = (backing: XmlElement | undefined) => backing?.attributes.type === 'network'

/** Targets of all disks that read what others have, too. */
export const sharingDisks = (definition: string): string[] =>
  disksOf(parseXml(definition)).flatMap((disk) =>
    isShared(find(disk, 'backingStore')) ? (attributeAt(disk, 'target', 'dev') ?? []) : [],
  )
