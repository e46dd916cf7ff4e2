import { type ByteSource, readWithin } from './byte-source.ts'
import { damaged } from './read-error.ts'
import type { ReadLimit } from './read-limit.ts'

/** A block whose present content lies in the journal. */
export interface JournalledBlock {
  /** The block of the journal that has it */
  readonly block: number
  /** Its first four bytes were put away, since they look like the journal's own */
  readonly isEscaped: boolean
}

/** The blocks of an ext file system, as they are once its journal is written. */
export class ExtBlocks {
  readonly blockBytes: number
  readonly #source: ByteSource
  #journalled: ReadonlyMap<number, JournalledBlock> = new Map()

  constructor(source: ByteSource, blockBytes: number) {
    this.#source = source
    this.blockBytes = blockBytes
  }

  overlay(journalled: ReadonlyMap<number, JournalledBlock>): void {
    this.#journalled = journalled
  }

  async read(block: number, count: number, limit: ReadLimit): Promise<Buffer> {
    const size = this.blockBytes
    // Block 0 holds the superblock: nothing of a file lies there, so a pointer to it is a broken one.
    if (block === 0) throw damaged('something points to its first block')
    const bytes = await readWithin(this.#source, block * size, count * size, limit)
    if (this.#journalled.size === 0) return bytes
    for (let index = 0; index < count; index++) await this.#patch(bytes, index * size, block + index, limit)
    return bytes
  }

  /** A range that does not cross the end of a block. */
  async readAt(offset: number, length: number, limit: ReadLimit): Promise<Buffer> {
    const block = Math.floor(offset / this.blockBytes)
    if (!this.#journalled.has(block)) return readWithin(this.#source, offset, length, limit)
    const bytes = await readWithin(this.#source, block * this.blockBytes, this.blockBytes, limit)
    await this.#patch(bytes, 0, block, limit)
    const start = offset - block * this.blockBytes
    return bytes.subarray(start, start + length)
  }

  async #patch(bytes: Buffer, at: number, block: number, limit: ReadLimit): Promise<void> {
    const newer = this.#journalled.get(block)
    if (!newer) return
    const size = this.blockBytes
    const written = await readWithin(this.#source, newer.block * size, size, limit)
    written.copy(bytes, at)
    if (newer.isEscaped) bytes.writeUInt32BE(0xc03b3998, at)
  }
}
