import { stableUuid } from '#lab/guest/definition.ts'
import { Refusal } from '../refusal.ts'
import { readXml } from './definition.ts'
import { Element } from './element.ts'

/** A volume has sizes and no contents: reading it gives zeros. */
export interface Volume {
  name: string
  path: string
  format: string
  capacityBytes: number
  allocationBytes: number
  backing: { path: string; format: string } | undefined
}

const unitBytes: Record<string, number> = { bytes: 1, B: 1, KiB: 2 ** 10, K: 2 ** 10, MiB: 2 ** 20, M: 2 ** 20 }
unitBytes.GiB = unitBytes.G = 2 ** 30
unitBytes.TiB = unitBytes.T = 2 ** 40

const sizeOf = (element: Element | undefined) =>
  element ? Number(element.text) * (unitBytes[element.attributes.unit ?? 'bytes'] ?? Number.NaN) : 0

const leaf = (name: string, attributes: Record<string, string>) => new Element(name, attributes)
const text = (name: string, value: string) => new Element(name, {}, value)
const bytes = (name: string, value: number) => new Element(name, { unit: 'bytes' }, String(Math.round(value)))

/** A folder of volumes. Hosts that share one hold the same object. */
export class Pool {
  readonly name: string
  readonly uuid: string
  readonly path: string
  readonly capacityBytes: number
  /** The file server that several hosts mount it from. */
  readonly server: string | undefined
  readonly volumes = new Map<string, Volume>()

  constructor(options: { owner: string; name: string; path: string; capacityBytes: number; server?: string }) {
    this.name = options.name
    this.uuid = stableUuid(`pool/${options.owner}/${options.name}`)
    this.path = options.path
    this.capacityBytes = options.capacityBytes
    this.server = options.server
  }

  get allocationBytes(): number {
    let sum = 0
    for (const volume of this.volumes.values()) sum += volume.allocationBytes
    return sum
  }

  get availableBytes(): number {
    return Math.max(0, this.capacityBytes - this.allocationBytes)
  }

  /** @throws Refusal when there is none of that name */
  volume(name: string): Volume {
    const volume = this.volumes.get(name)
    if (volume) return volume
    throw new Refusal(
      'noStorageVolume',
      `Storage volume not found: no storage vol with matching name '${name}'`,
      'storage',
    )
  }

  /** @throws Refusal when the name is taken or the pool is full */
  add(volume: Omit<Volume, 'path'>): Volume {
    if (this.volumes.has(volume.name)) {
      throw new Refusal('storageVolumeExists', `storage volume '${volume.name}' exists already`, 'storage')
    }
    if (volume.allocationBytes > this.availableBytes) {
      throw new Refusal('operationFailed', 'operation failed: Not enough free space in pool for volume', 'storage')
    }
    const added = { ...volume, path: `${this.path}/${volume.name}` }
    this.volumes.set(volume.name, added)
    return added
  }

  /** What a definition asks for, with what it leaves out taken from `template`. @throws Refusal */
  addFromXml(source: string, template?: Volume): Volume {
    const root = readXml(source, 'volume')
    const name = root.find('name')?.text
    const capacityBytes = Math.max(sizeOf(root.find('capacity')), template?.capacityBytes ?? 0)
    if (!name) throw new Refusal('xmlError', 'XML error: missing volume name element', 'storage')
    if (Number.isNaN(capacityBytes)) throw new Refusal('xmlError', 'XML error: malformed capacity element', 'storage')
    const backingPath = root.find('backingStore/path')?.text
    const format = root.find('target/format')?.attributes.type ?? 'raw'
    return this.add({
      name,
      format,
      capacityBytes,
      allocationBytes: template?.allocationBytes ?? (format === 'raw' && root.find('allocation') ? 0 : 196_608),
      backing: backingPath
        ? { path: backingPath, format: root.find('backingStore/format')?.attributes.type ?? 'raw' }
        : undefined,
    })
  }

  xml(): string {
    return new Element('pool', { type: this.server ? 'netfs' : 'dir' }, [
      text('name', this.name),
      text('uuid', this.uuid),
      bytes('capacity', this.capacityBytes),
      bytes('allocation', this.allocationBytes),
      bytes('available', this.availableBytes),
      new Element(
        'source',
        {},
        this.server
          ? [
              leaf('host', { name: this.server }),
              leaf('dir', { path: `/export/${this.name}` }),
              leaf('format', { type: 'nfs' }),
            ]
          : [],
      ),
      new Element('target', {}, [text('path', this.path)]),
    ]).toString()
  }
}

export function volumeXml(volume: Volume): string {
  const backing = volume.backing
    ? [
        new Element('backingStore', {}, [
          text('path', volume.backing.path),
          leaf('format', { type: volume.backing.format }),
        ]),
      ]
    : []
  return new Element('volume', { type: 'file' }, [
    text('name', volume.name),
    text('key', volume.path),
    bytes('capacity', volume.capacityBytes),
    bytes('allocation', volume.allocationBytes),
    bytes('physical', volume.allocationBytes),
    new Element('target', {}, [text('path', volume.path), leaf('format', { type: volume.format })]),
    ...backing,
  ]).toString()
}
