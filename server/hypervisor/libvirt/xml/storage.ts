import type { NetworkFacts, StoragePoolFacts, VolumeFacts } from '../../facts.ts'
import { attributeAt, bytesOf, find, findAll, parseXml, textAt, type XmlElement } from './tree.ts'
import { xml } from './write.ts'

export type DefinedPool = Pick<
  StoragePoolFacts,
  'name' | 'kind' | 'path' | 'sharedKey' | 'capacityBytes' | 'allocationBytes' | 'availableBytes'
>

/** Kinds of pools whose bytes lie on another machine, which several hosts may see. */
const remoteKinds = new Set(['netfs', 'rbd', 'gluster', 'iscsi', 'iscsi-direct', 'sheepdog'])

/** The same text on every host that mounts the same thing. */
function sharedKeyOf(kind: string, source: XmlElement | undefined): string | null {
  if (!remoteKinds.has(kind)) return null
  const hosts = findAll(source, 'host').map((host) => `${host.attributes.name ?? ''}:${host.attributes.port ?? ''}`)
  const place = [
    textAt(source, 'name'),
    attributeAt(source, 'dir', 'path'),
    ...findAll(source, 'device').map((device) => device.attributes.path ?? ''),
    attributeAt(source, 'initiator/iqn', 'name'),
  ]
  return [kind, hosts.sort().join(','), ...place.filter(Boolean)].join('|')
}

export function readPoolXml(text: string): DefinedPool {
  const root = parseXml(text)
  const kind = root.attributes.type ?? 'dir'
  return {
    name: textAt(root, 'name') ?? '',
    kind,
    path: textAt(root, 'target/path'),
    sharedKey: sharedKeyOf(kind, find(root, 'source')),
    capacityBytes: bytesOf(find(root, 'capacity'), 'bytes'),
    allocationBytes: bytesOf(find(root, 'allocation'), 'bytes'),
    availableBytes: bytesOf(find(root, 'available'), 'bytes'),
  }
}

export function readVolumeXml(text: string): VolumeFacts {
  const root = parseXml(text)
  return {
    name: textAt(root, 'name') ?? '',
    path: textAt(root, 'target/path') ?? '',
    format: attributeAt(root, 'target/format', 'type'),
    capacityBytes: bytesOf(find(root, 'capacity'), 'bytes'),
    allocationBytes: bytesOf(find(root, 'allocation'), 'bytes'),
    backingPath: textAt(root, 'backingStore/path'),
  }
}

export const readBackingFormat = (text: string): string | null =>
  attributeAt(parseXml(text), 'backingStore/format', 'type')

/** When the volume's file was last written to; libvirt tells it of files alone. */
export function readModifiedAtMs(text: string): number | null {
  const seconds = textAt(parseXml(text), 'target/timestamps/mtime')
  return seconds === null ? null : Number(seconds) * 1000
}

export interface NewVolume {
  name: string
  format: 'qcow2' | 'raw'
  capacityBytes: number
  backing?: { path: string; format: string } | undefined
}

/** A volume that takes no space until it is written to. */
export function buildVolumeXml({ name, format, capacityBytes, backing }: NewVolume): string {
  return xml(
    'volume',
    {},
    xml('name', {}, name),
    xml('capacity', { unit: 'bytes' }, Math.ceil(capacityBytes)),
    xml('allocation', { unit: 'bytes' }, 0),
    // libvirt's own choice is a version of the format that keeps no marks of what changed for backups.
    xml('target', {}, xml('format', { type: format }), format === 'qcow2' && xml('compat', {}, '1.1')),
    backing && xml('backingStore', {}, xml('path', {}, backing.path), xml('format', { type: backing.format })),
  ).text
}

export type DefinedNetwork = Pick<NetworkFacts, 'name' | 'mode' | 'bridge' | 'cidr'>

/** Prefix length of an address mask such as 255.255.255.0. */
function prefixOf(mask: string): number {
  return mask
    .split('.')
    .map((part) => Number(part).toString(2).replaceAll('0', '').length)
    .reduce((sum, bits) => sum + bits, 0)
}

function cidrOf(ip: XmlElement | undefined): string | null {
  const at = ip?.attributes
  if (!at?.address) return null
  return `${at.address}/${at.prefix ?? (at.netmask ? prefixOf(at.netmask) : at.family === 'ipv6' ? 64 : 24)}`
}

export function readNetworkXml(text: string): DefinedNetwork {
  const root = parseXml(text)
  const forward = find(root, 'forward')
  return {
    name: textAt(root, 'name') ?? '',
    mode: forward ? (forward.attributes.mode ?? 'nat') : 'isolated',
    bridge: attributeAt(root, 'bridge', 'name'),
    cidr: cidrOf(find(root, 'ip')),
  }
}
