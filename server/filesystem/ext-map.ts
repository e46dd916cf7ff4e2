/** Where the blocks of a file lie: extent trees, and the indirect blocks of ext2 and ext3. */
import type { BlockRun } from './block-run.ts'
import type { ExtBlocks } from './ext-blocks.ts'
import { damaged } from './read-error.ts'
import type { ReadLimit } from './read-limit.ts'

const extentMagic = 0xf30a
const deepestTree = 5
const headerBytes = 12
const entryBytes = 12
const mostInitialised = 32768

/** In rising order, or damaged: that no node can lead back to one above it or be met for ever. */
export async function* extentRuns(blocks: ExtBlocks, root: Buffer, limit: ReadLimit): AsyncGenerator<BlockRun> {
  const progress = { next: 0 }
  yield* extentNode(blocks, root, deepestTree, progress, limit)
}

async function* extentNode(
  blocks: ExtBlocks,
  node: Buffer,
  deepest: number,
  progress: { next: number },
  limit: ReadLimit,
): AsyncGenerator<BlockRun> {
  const [count, depth] = [node.readUInt16LE(2), node.readUInt16LE(6)]
  const isSound =
    node.readUInt16LE(0) === extentMagic && depth <= deepest && headerBytes + count * entryBytes <= node.length
  if (!isSound) throw damaged('a file’s map of blocks is broken')
  let before = -1
  for (let index = 0; index < count; index++) {
    const entry = node.subarray(headerBytes + index * entryBytes)
    const logical = entry.readUInt32LE(0)
    if (logical <= before) throw damaged('a file’s map of blocks is out of order')
    before = logical
    if (depth > 0) {
      const child = entry.readUInt32LE(4) + entry.readUInt16LE(8) * 2 ** 32
      const bytes = await blocks.read(child, 1, limit)
      if (bytes.readUInt16LE(6) !== depth - 1) throw damaged('a file’s map of blocks has a wrong depth')
      yield* extentNode(blocks, bytes, depth - 1, progress, limit)
      continue
    }
    const stored = entry.readUInt16LE(4)
    const isInitialised = stored <= mostInitialised
    const length = isInitialised ? stored : stored - mostInitialised
    if (length === 0 || logical < progress.next) throw damaged('parts of a file overlap')
    progress.next = logical + length
    const physical = entry.readUInt32LE(8) + entry.readUInt16LE(6) * 2 ** 32
    yield { logical, physical: isInitialised ? physical : undefined, count: length }
  }
}

const directCount = 12

/** @param end after the file's last block: what is beyond is not looked at */
export async function* indirectRuns(
  blocks: ExtBlocks,
  pointers: Buffer,
  end: number,
  limit: ReadLimit,
): AsyncGenerator<BlockRun> {
  const progress = { next: 0, end }
  for (let index = 0; index < directCount; index++) yield* direct(pointers.readUInt32LE(index * 4), progress)
  for (let level = 1; level <= 3; level++) {
    const pointer = pointers.readUInt32LE((directCount + level - 1) * 4)
    yield* indirect(blocks, pointer, level, progress, limit)
  }
}

function* direct(pointer: number, progress: { next: number; end: number }): Generator<BlockRun> {
  const logical = progress.next++
  if (pointer !== 0 && logical < progress.end) yield { logical, physical: pointer, count: 1 }
}

async function* indirect(
  blocks: ExtBlocks,
  pointer: number,
  level: number,
  progress: { next: number; end: number },
  limit: ReadLimit,
): AsyncGenerator<BlockRun> {
  const perBlock = blocks.blockBytes / 4
  if (pointer === 0) progress.next += perBlock ** level
  if (pointer === 0 || progress.next >= progress.end) return
  const bytes = await blocks.read(pointer, 1, limit)
  for (let index = 0; index < perBlock && progress.next < progress.end; index++) {
    const below = bytes.readUInt32LE(index * 4)
    if (level === 1) yield* direct(below, progress)
    else yield* indirect(blocks, below, level - 1, progress, limit)
  }
}
