/** Reads ext2, ext3 and ext4, as they are once their journal is written. Writes nothing. */
import { type BlockRun, wholeRuns, zeroBytes } from './block-run.ts'
import { type ByteSource, readWithin } from './byte-source.ts'
import { nameOfBytes } from './entry-name.ts'
import { ExtBlocks } from './ext-blocks.ts'
import { entriesOf } from './ext-folder.ts'
import { ExtInode } from './ext-inode.ts'
import { readJournal } from './ext-journal.ts'
import { descriptorOffset, type ExtLayout, readSuperblock, superblockBytes, superblockOffset } from './ext-layout.ts'
import { extentRuns, indirectRuns } from './ext-map.ts'
import { type FileKind, type FileNode, type FileSystem, type FolderEntry, notA } from './file-tree.ts'
import { damaged, ReadError } from './read-error.ts'
import type { ReadLimit } from './read-limit.ts'

const rootInode = 2
const pieceBytes = 1024 * 1024
const longestTarget = 4096
const inPointers = 60
const kinds: Record<number, FileKind> = { 32768: 'file', 16384: 'folder', 40960: 'link' }

export async function openExt(source: ByteSource, limit: ReadLimit): Promise<FileSystem> {
  const bytes = await readWithin(source, superblockOffset, superblockBytes, limit)
  const layout = readSuperblock(bytes)
  const blocks = new ExtBlocks(source, layout.blockBytes)
  const ext = new Ext(layout, blocks)
  return {
    kind: layout.kind,
    label: layout.label,
    warning: layout.unwrittenJournal === undefined ? undefined : await ext.readJournal(layout.unwrittenJournal, limit),
    root: (limit) => ext.node(rootInode, limit),
  }
}

class Ext {
  readonly #layout: ExtLayout
  readonly #blocks: ExtBlocks

  constructor(layout: ExtLayout, blocks: ExtBlocks) {
    this.#layout = layout
    this.#blocks = blocks
  }

  /** @returns what a reader should know */
  async readJournal(number: number, limit: ReadLimit): Promise<string> {
    try {
      const journal = await this.inode(number, limit)
      const runs: BlockRun[] = []
      for await (const run of this.#runs(journal, limit)) runs.push(run)
      const changes = await readJournal(this.#blocks, runs, limit)
      this.#blocks.overlay(changes.blocks)
      return changes.isWhole
        ? 'It was in use. What its journal holds is shown as if it had been written; nothing on the disk is changed.'
        : 'It was in use, and its journal is of a kind that is read in part: the last changes may be missing.'
    } catch (error) {
      if (!(error instanceof ReadError) || error.kind === 'too-much') throw error
      return 'It was in use, and its journal can’t be read: the last changes may be missing, and some files may look damaged.'
    }
  }

  async inode(number: number, limit: ReadLimit): Promise<ExtInode> {
    const { inodeCount, inodesPerGroup, inodeBytes, blockBytes, descriptorBytes } = this.#layout
    if (number < 1 || number > inodeCount) throw damaged('a name leads to no file')
    const [group, index] = [Math.floor((number - 1) / inodesPerGroup), (number - 1) % inodesPerGroup]
    const descriptor = await this.#blocks.readAt(descriptorOffset(this.#layout, group), descriptorBytes, limit)
    const high = descriptorBytes >= 64 ? descriptor.readUInt32LE(0x28) * 2 ** 32 : 0
    const table = descriptor.readUInt32LE(8) + high
    const bytes = await this.#blocks.readAt(table * blockBytes + index * inodeBytes, inodeBytes, limit)
    return new ExtInode(number, bytes)
  }

  async node(number: number, limit: ReadLimit): Promise<FileNode> {
    const inode = await this.inode(number, limit)
    if (inode.isFree) throw damaged('a name leads to a file that was deleted')
    const kind = kinds[inode.format] ?? 'other'
    return {
      id: String(number),
      kind,
      sizeBytes: kind === 'file' || kind === 'link' ? inode.sizeBytes : 0,
      modifiedAt: inode.modifiedAt,
      mode: inode.mode,
      entries: (limit) => this.#entries(inode, kind, limit),
      content: (limit) => this.#fileContent(inode, kind, limit),
      target: (limit) => this.#target(inode, kind, limit),
    }
  }

  async *#entries(inode: ExtInode, kind: FileKind, limit: ReadLimit): AsyncGenerator<FolderEntry> {
    if (kind !== 'folder') throw notA('folder')
    inode.assertPlain()
    let isSound = true
    for await (const block of this.#folderBlocks(inode, limit)) {
      const entries = entriesOf(block)
      let next = entries.next()
      for (; !next.done; next = entries.next()) {
        const { name, inode: number } = next.value
        yield { name, open: (limit) => this.node(number, limit) }
      }
      isSound &&= next.value
    }
    if (!isSound) throw damaged('part of this folder can’t be read')
  }

  async *#folderBlocks(inode: ExtInode, limit: ReadLimit): AsyncGenerator<Buffer> {
    if (inode.isInline) {
      const [first, rest] = inode.inlineParts()
      // Its first four bytes are the parent's number.
      yield first.subarray(4)
      yield rest
      return
    }
    for await (const { physical, count } of this.#runs(inode, limit)) {
      if (physical === undefined) continue
      for (let index = 0; index < count; index++) yield await this.#blocks.read(physical + index, 1, limit)
    }
  }

  async *#fileContent(inode: ExtInode, kind: FileKind, limit: ReadLimit): AsyncGenerator<Buffer> {
    if (kind !== 'file') throw notA('file')
    inode.assertPlain()
    yield* this.#content(inode, limit)
  }

  async *#content(inode: ExtInode, limit: ReadLimit): AsyncGenerator<Buffer> {
    let left = inode.sizeBytes
    if (inode.isInline) {
      const all = Buffer.concat(inode.inlineParts())
      if (left > all.length) throw damaged('a short file is shorter than its length')
      if (left > 0) yield all.subarray(0, left)
      return
    }
    const { blockBytes } = this.#blocks
    const atOnce = Math.max(1, Math.floor(pieceBytes / blockBytes))
    for await (const { physical, count } of this.#runs(inode, limit)) {
      for (let index = 0; index < count && left > 0; index += atOnce) {
        const blocks = Math.min(atOnce, count - index)
        const length = Math.min(left, blocks * blockBytes)
        await limit.check()
        if (physical === undefined) yield* zeroBytes(length)
        else yield (await this.#blocks.read(physical + index, blocks, limit)).subarray(0, length)
        left -= length
      }
    }
  }

  async #target(inode: ExtInode, kind: FileKind, limit: ReadLimit): Promise<string> {
    if (kind !== 'link') throw notA('link')
    inode.assertPlain()
    const length = inode.sizeBytes
    if (length > longestTarget) throw damaged('a symbolic link is longer than any can be')
    if (!inode.isInline && !inode.hasExtents && length < inPointers) {
      return nameOfTarget(inode.block.subarray(0, length))
    }
    const parts: Buffer[] = []
    for await (const part of this.#content(inode, limit)) parts.push(part)
    return nameOfTarget(Buffer.concat(parts))
  }

  #runs(inode: ExtInode, limit: ReadLimit): AsyncGenerator<BlockRun> {
    const { blockBytes } = this.#blocks
    const end = Math.ceil(inode.sizeBytes / blockBytes)
    const runs = inode.hasExtents
      ? extentRuns(this.#blocks, inode.block, limit)
      : indirectRuns(this.#blocks, inode.block, end, limit)
    return wholeRuns(runs, end, Math.max(1, Math.floor(pieceBytes / blockBytes)))
  }
}

/** Slashes are what a target is made of. */
const nameOfTarget = (bytes: Buffer) => {
  const parts: Buffer[] = []
  let from = 0
  for (let at = 0; at <= bytes.length; at++) {
    if (at !== bytes.length && bytes[at] !== 0x2f) continue
    parts.push(bytes.subarray(from, at))
    from = at + 1
  }
  return parts.map(nameOfBytes).join('/')
}
