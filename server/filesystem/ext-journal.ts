/**
 * What the journal of an ext3 or ext4 file system holds that is not in its place yet (jbd2). A guest that was copied
 * while it ran left it so, as after a power cut: without the journal, files of the last minute are missing.
 */
import type { BlockRun } from './block-run.ts'
import type { ExtBlocks, JournalledBlock } from './ext-blocks.ts'
import { damaged } from './read-error.ts'
import type { ReadLimit } from './read-limit.ts'

const magic = 0xc03b3998
const type = { descriptor: 1, commit: 2, superblockOld: 3, superblock: 4, revoke: 5 }
const feature = { wide: 2, checksum2: 8, checksum3: 16, fast: 32 }
const tagFlag = { escaped: 1, sameId: 2, last: 8 }
const idBytes = 16
const headerBytes = 12
const usualFastBlocks = 256
const mostBlocks = 300_000

export interface JournalChanges {
  readonly blocks: ReadonlyMap<number, JournalledBlock>
  /** False when there is something in it that is not read here */
  readonly isWhole: boolean
}

export async function readJournal(
  blocks: ExtBlocks,
  runs: readonly BlockRun[],
  limit: ReadLimit,
): Promise<JournalChanges> {
  const first = await blocks.read(placeIn(runs, 0), 1, limit)
  const kind = first.readUInt32BE(4)
  const isJournal = first.readUInt32BE(0) === magic && (kind === type.superblock || kind === type.superblockOld)
  if (!isJournal || first.readUInt32BE(12) !== blocks.blockBytes) throw damaged('its journal has no head')
  const features = kind === type.superblock ? first.readUInt32BE(40) : 0
  const hasFast = (features & feature.fast) !== 0
  const fastBlocks = hasFast ? first.readUInt32BE(84) || usualFastBlocks : 0
  const [from, to] = [first.readUInt32BE(20), first.readUInt32BE(16) - fastBlocks]
  const start = first.readUInt32BE(28)
  if (start === 0) return { blocks: new Map(), isWhole: !hasFast }
  if (from < 1 || from >= to || start < from || start >= to) throw damaged('its journal’s head contradicts itself')
  const log = new JournalLog(blocks, { runs, features, from, to, start, sequence: first.readUInt32BE(24) }, limit)
  return { blocks: await log.read(), isWhole: !hasFast }
}

interface LogPlace {
  runs: readonly BlockRun[]
  features: number
  from: number
  to: number
  start: number
  sequence: number
}

class JournalLog {
  readonly #blocks: ExtBlocks
  readonly #place: LogPlace
  readonly #limit: ReadLimit

  constructor(blocks: ExtBlocks, place: LogPlace, limit: ReadLimit) {
    this.#blocks = blocks
    this.#place = place
    this.#limit = limit
  }

  /** Committed changes, the latest of each block, without what was revoked since. */
  async read(): Promise<Map<number, JournalledBlock>> {
    const { from, to, start, sequence: firstSequence } = this.#place
    const committed = new Map<number, JournalledBlock & { sequence: number }>()
    const revoked = new Map<number, number>()
    let pending: [number, JournalledBlock][] = []
    let pendingRevoked: number[] = []
    let sequence = firstSequence
    const length = to - from
    const wrapped = (at: number) => from + ((at - from) % length)
    for (let at = start, seen = 0; seen < length; ) {
      const bytes = await this.#blockAt(wrapped(at))
      if (bytes.readUInt32BE(0) !== magic || bytes.readUInt32BE(8) !== sequence) break
      const kind = bytes.readUInt32BE(4)
      let step = 1
      if (kind === type.descriptor) {
        for (const tag of this.#tags(bytes)) {
          const block = placeIn(this.#place.runs, wrapped(at + step))
          pending.push([tag.block, { block, isEscaped: tag.isEscaped }])
          step++
        }
      } else if (kind === type.revoke) pendingRevoked.push(...this.#revokedBy(bytes))
      else if (kind === type.commit) {
        for (const [block, change] of pending) committed.set(block, { ...change, sequence })
        for (const block of pendingRevoked) revoked.set(block, sequence)
        ;[pending, pendingRevoked] = [[], []]
        sequence = (sequence + 1) >>> 0
      } else break
      if (pending.length + committed.size + pendingRevoked.length > mostBlocks) throw damaged('its journal is too long')
      at += step
      seen += step
    }
    // A block that was revoked holds something else by now than what was journalled until then.
    for (const [block, at] of revoked) {
      const change = committed.get(block)
      if (change && change.sequence <= at) committed.delete(block)
    }
    return committed
  }

  #blockAt(at: number): Promise<Buffer> {
    return this.#blocks.read(placeIn(this.#place.runs, at), 1, this.#limit)
  }

  *#tags(bytes: Buffer): Generator<{ block: number; isEscaped: boolean }> {
    const { features } = this.#place
    const isThird = (features & feature.checksum3) !== 0
    const isSummed = isThird || (features & feature.checksum2) !== 0
    const isWide = (features & feature.wide) !== 0
    const tagBytes = isThird ? 16 : 8 + (isWide ? 4 : 0) + (isSummed ? 2 : 0)
    const end = bytes.length - (isSummed ? 4 : 0)
    for (let at = headerBytes; at + tagBytes <= end; ) {
      const flags = isThird ? bytes.readUInt32BE(at + 4) : bytes.readUInt16BE(at + 6)
      const high = isWide ? bytes.readUInt32BE(at + 8) * 2 ** 32 : 0
      yield { block: bytes.readUInt32BE(at) + high, isEscaped: (flags & tagFlag.escaped) !== 0 }
      if (flags & tagFlag.last) return
      at += tagBytes + (flags & tagFlag.sameId ? 0 : idBytes)
    }
  }

  *#revokedBy(bytes: Buffer): Generator<number> {
    const isWide = (this.#place.features & feature.wide) !== 0
    const size = isWide ? 8 : 4
    const end = Math.min(bytes.readUInt32BE(12), bytes.length)
    for (let at = 16; at + size <= end; at += size) {
      yield isWide ? bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4) : bytes.readUInt32BE(at)
    }
  }
}

/** The block of the file system that holds a block of the journal. */
function placeIn(runs: readonly BlockRun[], at: number): number {
  const run = runs.find(({ logical, count }) => at >= logical && at < logical + count)
  if (run?.physical === undefined) throw damaged('its journal has a gap')
  return run.physical + at - run.logical
}
