/** The superblock of ext2, ext3 and ext4, as far as reading files needs it. */
import { nameOfBytes } from './entry-name.ts'
import { damaged, ReadError } from './read-error.ts'

export const superblockOffset = 1024
export const superblockBytes = 1024
const magic = 0xef53

const incompatible = {
  compression: 0x1,
  needsRecovery: 0x4,
  journalDevice: 0x8,
  metaGroups: 0x10,
  extents: 0x40,
  wide: 0x80,
  dirData: 0x1000,
}
/** Those that change nothing for a reader, or are minded where they matter. */
const readable = 0x2 | 0x4 | 0x10 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000
const hasJournal = 0x4
const sparseSuper = 0x1

export interface ExtLayout {
  readonly kind: 'ext2' | 'ext3' | 'ext4'
  readonly label: string
  readonly blockBytes: number
  readonly blockCount: number
  readonly firstBlock: number
  readonly blocksPerGroup: number
  readonly inodeCount: number
  readonly inodesPerGroup: number
  readonly inodeBytes: number
  readonly descriptorBytes: number
  /** From this group of descriptors on, each lies in the groups that it describes */
  readonly firstMetaGroup: number | undefined
  readonly isSparse: boolean
  /** The inode of the journal whose changes are not in the file system yet */
  readonly unwrittenJournal: number | undefined
}

export const isExt = (superblock: Buffer) =>
  superblock.length === superblockBytes && superblock.readUInt16LE(0x38) === magic

/** @throws damaged or unsupported */
export function readSuperblock(bytes: Buffer): ExtLayout {
  const logBlock = bytes.readUInt32LE(0x18)
  if (logBlock > 6) throw damaged('its blocks have an impossible size')
  const blockBytes = 1024 << logBlock
  const features = bytes.readUInt32LE(0x4c) === 0 ? 0 : bytes.readUInt32LE(0x60)
  if (features & incompatible.journalDevice) throw new ReadError('unsupported', 'This is the journal of another disk.')
  if (features & ~readable) {
    const bits = (features & ~readable).toString(16)
    throw new ReadError('unsupported', `This file system uses features that are not read here (0x${bits}).`)
  }
  const isDynamic = bytes.readUInt32LE(0x4c) > 0
  const isWide = (features & incompatible.wide) !== 0
  const compatible = isDynamic ? bytes.readUInt32LE(0x5c) : 0
  const inodeBytes = isDynamic ? bytes.readUInt16LE(0x58) : 128
  const descriptorBytes = isWide ? bytes.readUInt16LE(0xfe) : 32
  const blockCount = bytes.readUInt32LE(0x4) + (isWide ? bytes.readUInt32LE(0x150) * 2 ** 32 : 0)
  const firstBlock = bytes.readUInt32LE(0x14)
  const [blocksPerGroup, inodesPerGroup] = [bytes.readUInt32LE(0x20), bytes.readUInt32LE(0x28)]
  const isSound =
    isPowerOfTwo(inodeBytes) &&
    inodeBytes >= 128 &&
    inodeBytes <= blockBytes &&
    isPowerOfTwo(descriptorBytes) &&
    descriptorBytes >= 32 &&
    descriptorBytes <= blockBytes &&
    blocksPerGroup > 0 &&
    inodesPerGroup > 0 &&
    firstBlock <= 1 &&
    Number.isSafeInteger(blockCount * blockBytes)
  if (!isSound) throw damaged('its superblock contradicts itself')
  const isJournalled = (compatible & hasJournal) !== 0
  const modern = incompatible.extents | incompatible.wide | 0x200 | 0x8000
  return {
    kind: features & modern ? 'ext4' : isJournalled ? 'ext3' : 'ext2',
    label: labelOf(bytes.subarray(0x78, 0x88)),
    blockBytes,
    blockCount,
    firstBlock,
    blocksPerGroup,
    inodeCount: bytes.readUInt32LE(0),
    inodesPerGroup,
    inodeBytes,
    descriptorBytes,
    firstMetaGroup: features & incompatible.metaGroups ? bytes.readUInt32LE(0x104) : undefined,
    isSparse: (bytes.readUInt32LE(0x64) & sparseSuper) !== 0,
    unwrittenJournal: isJournalled && features & incompatible.needsRecovery ? bytes.readUInt32LE(0xe0) : undefined,
  }
}

export function labelOf(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return nameOfBytes(end === -1 ? bytes : bytes.subarray(0, end)).trim()
}

export const isPowerOfTwo = (value: number) => value > 0 && (value & (value - 1)) === 0

/** Where the descriptor of a group lies. */
export function descriptorOffset(layout: ExtLayout, group: number): number {
  const { blockBytes, descriptorBytes, firstBlock, blocksPerGroup, firstMetaGroup, isSparse } = layout
  const perBlock = blockBytes / descriptorBytes
  const metaGroup = Math.floor(group / perBlock)
  const within = (group % perBlock) * descriptorBytes
  if (firstMetaGroup === undefined || metaGroup < firstMetaGroup) {
    // With clusters the first block is 0 also where the superblock fills block 1.
    const superblock = firstBlock === 0 && blockBytes === 1024 ? 1 : firstBlock
    return (superblock + 1 + metaGroup) * blockBytes + within
  }
  const first = metaGroup * perBlock
  const hasCopy = !isSparse || first <= 1 || [3, 5, 7].some((base) => isPowerOf(base, first))
  return (firstBlock + first * blocksPerGroup + (hasCopy ? 1 : 0)) * blockBytes + within
}

function isPowerOf(base: number, value: number): boolean {
  let power = base
  while (power < value) power *= base
  return power === value
}
