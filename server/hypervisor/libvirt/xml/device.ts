import { createHash } from 'node:crypto'
import { type Xml, xml } from './write.ts'

export interface NewDisk {
  /** vda, vdb … (virtio), sda … (sata), hda … (ide) */
  target: string
  bus: 'virtio' | 'scsi' | 'sata' | 'ide' | 'usb'
  device: 'disk' | 'cdrom'
  /** Path as the host sees it; null for an empty drive */
  path: string | null
  format: 'qcow2' | 'raw'
  /** `path` is a block device rather than a file */
  block?: boolean
  readOnly?: boolean
  shareable?: boolean
  /** Starts and moves without it when the file is missing */
  optional?: boolean
  /** Place in the order of booting, from 1 */
  bootOrder?: number
  serial?: string
  /** A name of our own for the device, beginning with `ua-` */
  alias?: string
}

export interface NewInterface {
  mac: string
  /** A network of the hypervisor, or a bridge of the host */
  source: { network: string } | { bridge: string }
  model?: 'virtio' | 'e1000e' | 'e1000' | 'rtl8139'
  linkUp?: boolean
}

/** A disk or drive, for a new VM or, as text, for `attachDevice` and `detachDevice`. */
export function diskXml(disk: NewDisk): Xml {
  return xml(
    'disk',
    { type: disk.block ? 'block' : 'file', device: disk.device },
    xml('driver', { name: 'qemu', type: disk.format, discard: disk.device === 'disk' && 'unmap' }),
    disk.path !== null &&
      xml('source', {
        [disk.block ? 'dev' : 'file']: disk.path,
        startupPolicy: disk.optional && 'optional',
      }),
    xml('target', { dev: disk.target, bus: disk.bus }),
    (disk.readOnly || disk.device === 'cdrom') && xml('readonly'),
    disk.shareable && xml('shareable'),
    disk.serial && xml('serial', {}, disk.serial),
    disk.bootOrder && xml('boot', { order: disk.bootOrder }),
    disk.alias && xml('alias', { name: disk.alias }),
  )
}

/** A network card, for a new VM or, as text, for `attachDevice` and `detachDevice`. */
export function interfaceXml(wanted: NewInterface): Xml {
  return xml(
    'interface',
    { type: 'network' in wanted.source ? 'network' : 'bridge' },
    xml('mac', { address: wanted.mac }),
    xml('source', { ...wanted.source }),
    xml('model', { type: wanted.model ?? 'virtio' }),
    wanted.linkUp === false && xml('link', { state: 'down' }),
  )
}

/** A network card's address in the range that QEMU uses; always the same for the same VM and card. */
export function macOf(vmUuid: string, index: number): string {
  const digest = createHash('sha256').update(`${vmUuid}/${index}`).digest('hex')
  return `52:54:00:${digest.slice(0, 2)}:${digest.slice(2, 4)}:${digest.slice(4, 6)}`
}
