import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { idBytes, segmentBytes, segmentChunks } from './layout.ts'

/** Stands for a chunk that must still be written, because the parent's segment can't be read. */
export const unknownId = Buffer.alloc(idBytes, 0xff)

/** Segments that are kept in memory: 2 MiB. */
const keptSegments = 256

/**
 * The chunk ids of a disk that is being backed up, paged out to a file: a disk of 2 TiB has 1 GiB of them. The file has
 * no name, so nothing of it stays after a crash.
 */
export class SegmentTable {
  readonly #fd: number
  readonly #touched: Uint8Array
  readonly #kept = new Map<number, Buffer>()

  constructor(folder: string, segmentCount: number) {
    mkdirSync(folder, { recursive: true })
    const path = join(folder, `${randomBytes(8).toString('hex')}.table`)
    this.#fd = openSync(path, 'wx+', 0o600)
    unlinkSync(path)
    this.#touched = new Uint8Array(segmentCount)
  }

  isTouched(segment: number): boolean {
    return this.#touched[segment] === 1
  }

  /** Begins a segment with the ids that it had before. */
  begin(segment: number, ids: Buffer): void {
    this.#touched[segment] = 1
    this.#keep(segment, Buffer.from(ids))
  }

  /** @param ids of consecutive chunks, all of begun segments */
  set(firstChunk: number, ids: Buffer): void {
    for (let at = 0; at < ids.length; ) {
      const chunk = firstChunk + at / idBytes
      const within = (chunk % segmentChunks) * idBytes
      const part = ids.subarray(at, at + segmentBytes - within)
      part.copy(this.get(segmentOf(chunk)), within)
      at += part.length
    }
  }

  get(segment: number): Buffer {
    return this.#kept.get(segment) ?? this.#keep(segment, this.#read(segment))
  }

  close(): void {
    closeSync(this.#fd)
  }

  #keep(segment: number, ids: Buffer): Buffer {
    if (this.#kept.size >= keptSegments) {
      for (const [oldest, oldIds] of this.#kept) {
        writeFully(this.#fd, oldIds, oldest * segmentBytes)
        this.#kept.delete(oldest)
        break
      }
    }
    this.#kept.set(segment, ids)
    return ids
  }

  #read(segment: number): Buffer {
    const ids = Buffer.alloc(segmentBytes)
    let filled = 0
    while (filled < segmentBytes) {
      const read = readSync(this.#fd, ids, filled, segmentBytes - filled, segment * segmentBytes + filled)
      if (read === 0) break
      filled += read
    }
    return ids
  }
}

function writeFully(fd: number, bytes: Buffer, position: number) {
  let written = 0
  while (written < bytes.length) {
    written += writeSync(fd, bytes, written, bytes.length - written, position + written)
  }
}

export const segmentOf = (chunk: number) => Math.floor(chunk / segmentChunks)

/** The index of the first id in a segment that is `unknownId`, or -1. */
export function firstUnknown(ids: Buffer): number {
  for (let at = 0; at < ids.length; at += idBytes) {
    if (ids[at] === 0xff && ids.compare(unknownId, 0, idBytes, at, at + idBytes) === 0) return at / idBytes
  }
  return -1
}
