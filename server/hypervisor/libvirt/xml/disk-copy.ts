import { attributeAt, find, findAll, parseXml } from './tree.ts'
import { xml } from './write.ts'

/** Where a copy of a disk goes: a file that is there and stands on no other. */
export const copyDestination = (path: string): string =>
  xml(
    'disk',
    { type: 'file' },
    xml('driver', { name: 'qemu', type: 'qcow2' }),
    xml('source', { file: path }),
    xml('backingStore'),
  ).text

/** The file that a disk is, and the one into which it is copied; null where there is none. */
export function readDiskFiles(definition: string, target: string) {
  const disks = findAll(find(parseXml(definition), 'devices'), 'disk')
  const disk = disks.find((each) => attributeAt(each, 'target', 'dev') === target)
  // While it ends, libvirt tells no kind of it any more.
  const mirror = findAll(disk, 'mirror').find(({ attributes }) => !attributes.job || attributes.job === 'copy')
  const copyPath = attributeAt(mirror, 'source', 'file')
  return {
    path: attributeAt(disk, 'source', 'file'),
    copy:
      copyPath === null
        ? null
        : { path: copyPath, isReady: mirror?.attributes.job === 'copy' && mirror.attributes.ready === 'yes' },
  }
}
