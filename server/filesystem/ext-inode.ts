import { damaged, ReadError } from './read-error.ts'

const flag = { encrypted: 0x800, compressed: 0x4, extents: 0x80000, inline: 0x10000000 }
const largestBytes = 2 ** 44
const attributeMagic = 0xea020000
const systemIndex = 7

/** An inode as it is stored. */
export class ExtInode {
  readonly number: number
  readonly #bytes: Buffer

  constructor(number: number, bytes: Buffer) {
    this.number = number
    this.#bytes = bytes
  }

  get format(): number {
    return this.#bytes.readUInt16LE(0) & 0xf000
  }

  get mode(): number {
    return this.#bytes.readUInt16LE(0) & 0o7777
  }

  get isFree(): boolean {
    return this.#bytes.readUInt16LE(0) === 0 || this.#bytes.readUInt16LE(0x1a) === 0
  }

  get hasExtents(): boolean {
    return this.#has(flag.extents)
  }

  get isInline(): boolean {
    return this.#has(flag.inline)
  }

  get sizeBytes(): number {
    const size = this.#bytes.readUInt32LE(4) + this.#bytes.readUInt32LE(0x6c) * 2 ** 32
    if (size > largestBytes) throw damaged('a file is larger than any can be')
    return size
  }

  get modifiedAt(): Date {
    const hasExtra = this.#extraBytes >= 0x8c - 128
    const extra = hasExtra ? this.#bytes.readUInt32LE(0x88) : 0
    const seconds = this.#bytes.readInt32LE(0x10) + (extra & 3) * 2 ** 32
    return new Date(seconds * 1000 + Math.floor((extra >>> 2) / 1e6))
  }

  /** The 60 bytes that hold block pointers, the head of an extent tree, or a short content itself. */
  get block(): Buffer {
    return this.#bytes.subarray(0x28, 0x64)
  }

  /** @throws unsupported for what can't be read without the guest's own keys */
  assertPlain(): void {
    if (this.#has(flag.encrypted)) throw new ReadError('unsupported', 'The guest has encrypted this.')
    if (this.#has(flag.compressed)) throw new ReadError('unsupported', 'The guest has compressed this.')
  }

  /** Short content that lies in the inode: up to 60 bytes, then an attribute. */
  inlineParts(): [first: Buffer, rest: Buffer] {
    return [this.block, this.#attribute('data')]
  }

  get #extraBytes(): number {
    if (this.#bytes.length <= 128) return 0
    const extra = this.#bytes.readUInt16LE(0x80)
    return extra >= 4 && 128 + extra <= this.#bytes.length ? extra : 0
  }

  #has(bit: number): boolean {
    return (this.#bytes.readUInt32LE(0x20) & bit) !== 0
  }

  /** The value of an attribute `system.<name>` that is kept in the inode. */
  #attribute(name: string): Buffer {
    const none = Buffer.alloc(0)
    const start = 128 + this.#extraBytes
    if (this.#extraBytes === 0 || start + 4 > this.#bytes.length) return none
    const space = this.#bytes.subarray(start)
    if (space.readUInt32LE(0) !== attributeMagic) return none
    const entries = space.subarray(4)
    for (let at = 0; at + 16 <= entries.length && entries.readUInt32LE(at) !== 0; ) {
      const nameBytes = entries.readUInt8(at)
      const [offset, size] = [entries.readUInt16LE(at + 2), entries.readUInt32LE(at + 8)]
      const isIt =
        entries.readUInt8(at + 1) === systemIndex && entries.toString('latin1', at + 16, at + 16 + nameBytes) === name
      if (isIt && entries.readUInt32LE(at + 4) !== 0)
        throw new ReadError('unsupported', 'Its content is an attribute kept elsewhere.')
      if (isIt && offset + size > entries.length) throw damaged('an attribute leads out of its inode')
      if (isIt) return entries.subarray(offset, offset + size)
      at += 16 + ((nameBytes + 3) & ~3)
    }
    return none
  }
}
