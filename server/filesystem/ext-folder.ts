import { nameOfBytes } from './entry-name.ts'

export interface ExtEntry {
  readonly name: string
  readonly inode: number
}

const headBytes = 8

/**
 * The entries of one block of a folder. The index blocks of a large folder look like a block without any. What comes
 * after a broken length in a block can't be told from rubbish and is left out.
 * @returns whether all of it was sound
 */
export function* entriesOf(block: Buffer): Generator<ExtEntry, boolean> {
  for (let at = 0; at + headBytes <= block.length; ) {
    const inode = block.readUInt32LE(at)
    const stored = block.readUInt16LE(at + 4)
    // 64 KiB does not fit into its 16 bits.
    const length = (stored === 0 || stored === 0xffff) && block.length === 65536 ? 65536 - at : stored
    const nameBytes = block.readUInt8(at + 6)
    if (length < headBytes || length % 4 !== 0 || at + length > block.length) return false
    if (inode !== 0) {
      if (nameBytes === 0 || headBytes + nameBytes > length) return false
      const bytes = block.subarray(at + headBytes, at + headBytes + nameBytes)
      const name = nameOfBytes(bytes)
      if (name !== '.' && name !== '..') yield { name, inode }
    }
    at += length
  }
  return true
}
