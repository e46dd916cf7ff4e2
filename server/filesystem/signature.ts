/** What else may lie on a disk, told by its first bytes: named, so that a person knows why there are no files. */
import { type ByteSource, readUpTo } from './byte-source.ts'
import type { ReadLimit } from './read-limit.ts'

export interface Unreadable {
  readonly kind: string
  /** Why, and what to do instead */
  readonly reason: string
}

const headBytes = 80 * 1024
const at = (offset: number, text: string) => (head: Buffer) =>
  head.length >= offset + text.length && head.toString('latin1', offset, offset + text.length) === text

const otherSystem = 'Only ext2, ext3, ext4 and FAT are read here.'

const signatures: readonly (Unreadable & { matches: (head: Buffer) => boolean })[] = [
  { kind: 'LUKS', reason: 'It is encrypted: only the guest has its key.', matches: at(0, 'LUKS\xba\xbe') },
  { kind: 'BitLocker', reason: 'It is encrypted: only the guest has its key.', matches: at(3, '-FVE-FS-') },
  {
    kind: 'LVM',
    reason: 'Its volumes may be spread over several disks, which the guest’s own LVM puts together.',
    matches: (head) => [0, 512, 1024, 1536].some((sector) => at(sector, 'LABELONE')(head)),
  },
  {
    kind: 'Linux RAID',
    reason: 'It is a member of a RAID, which the guest puts together.',
    matches: (head) => [0, 4096].some((offset) => at(offset, '\xfc\x4e\x2b\xa9')(head)),
  },
  { kind: 'XFS', reason: otherSystem, matches: at(0, 'XFSB') },
  { kind: 'btrfs', reason: otherSystem, matches: at(0x10040, '_BHRfS_M') },
  { kind: 'NTFS', reason: otherSystem, matches: at(3, 'NTFS    ') },
  { kind: 'exFAT', reason: otherSystem, matches: at(3, 'EXFAT   ') },
  { kind: 'F2FS', reason: otherSystem, matches: at(1024, '\x10\x20\xf5\xf2') },
  { kind: 'ISO 9660', reason: otherSystem, matches: at(32769, 'CD001') },
  { kind: 'SquashFS', reason: otherSystem, matches: at(0, 'hsqs') },
  {
    kind: 'swap',
    reason: 'It is a guest’s swap space, which holds no files.',
    matches: (head) => [4086, 65526].some((offset) => at(offset, 'SWAPSPACE2')(head)),
  },
]

/** @returns nothing for what is not known, such as what was never written */
export async function recognise(source: ByteSource, limit: ReadLimit): Promise<Unreadable | undefined> {
  const head = await readUpTo(source, 0, headBytes, limit)
  const found = signatures.find(({ matches }) => matches(head))
  return found && { kind: found.kind, reason: found.reason }
}
