import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, writeSync } from 'node:fs'
import { blake3 } from '@napi-rs/blake-hash'
import { idBytes } from './layout.ts'

/**
 * A run: where chunks lie, sorted by chunk id, in a file that never changes. Header (48 bytes): magic (8, `SKERRYR1`),
 * count of records (6), count of packs (4), bits of the fan-out (2), zero (12), first 16 bytes of the BLAKE3 of the packs
 * and the fan-out. Then the packs, 32 bytes each {id (16), key id (8), size (6), zero (2)}; the fan-out, 2^bits + 1
 * numbers of 4 bytes: how many records lie before ids that begin with these bits; the records, 44 bytes each
 * {chunk id (32), number of the pack in this run (4), offset (4), frame's bytes (3), flags (1)}. Numbers are
 * little-endian.
 */
const magic = Buffer.from('SKERRYR1')
const headerBytes = 48
export const runPackBytes = 32
export const recordBytes = idBytes + 12
const fanoutMostBits = 18
const bucketRecords = 64
const blockRecords = 16_384

/** A place of a chunk, as bytes: what stands in a run and in the table of recent ones. */
export interface LocationRecord {
  readonly packNumber: number
  readonly offset: number
  readonly storedBytes: number
  readonly flags: number
}

export const readRecord = (bytes: Buffer, at: number): LocationRecord => ({
  packNumber: bytes.readUInt32LE(at + 32),
  offset: bytes.readUInt32LE(at + 36),
  storedBytes: bytes.readUIntLE(at + 40, 3),
  flags: bytes[at + 43] ?? 0,
})

export interface RunPack {
  readonly id: string
  readonly keyId: Buffer
  readonly sizeBytes: number
}

const bucketOf = (id: Buffer, at: number, bits: number) => (bits === 0 ? 0 : id.readUInt32BE(at) >>> (32 - bits))

function readFully(fd: number, buffer: Buffer, position: number): Buffer {
  let filled = 0
  while (filled < buffer.length) {
    const read = readSync(fd, buffer, filled, buffer.length - filled, position + filled)
    if (read === 0) break
    filled += read
  }
  return buffer.subarray(0, filled)
}

/** An open run. Lookups are synchronous reads of a few KiB, which the page cache nearly always has. */
export class LocationRun {
  readonly path: string
  readonly count: number
  readonly packs: readonly RunPack[]
  readonly #fd: number
  readonly #bits: number
  readonly #fanout: Uint32Array
  readonly #recordsAt: number
  #scratch = Buffer.allocUnsafeSlow(bucketRecords * 4 * recordBytes)

  private constructor(path: string, fd: number, header: Buffer) {
    this.path = path
    this.#fd = fd
    this.count = header.readUIntLE(8, 6)
    const packCount = header.readUInt32LE(14)
    this.#bits = header.readUInt16LE(18)
    const tables = readFully(
      fd,
      Buffer.allocUnsafeSlow(packCount * runPackBytes + (2 ** this.#bits + 1) * 4),
      headerBytes,
    )
    if (!blake3(tables).subarray(0, 16).equals(header.subarray(32, 48))) throw new Error(`The run ${path} is damaged`)
    this.packs = Array.from({ length: packCount }, (_, number) => {
      const at = number * runPackBytes
      return {
        id: tables.toString('hex', at, at + 16),
        keyId: tables.subarray(at + 16, at + 24),
        sizeBytes: tables.readUIntLE(at + 24, 6),
      }
    })
    const fanout = tables.subarray(packCount * runPackBytes)
    this.#fanout = new Uint32Array(fanout.buffer.slice(fanout.byteOffset, fanout.byteOffset + fanout.length))
    this.#recordsAt = headerBytes + tables.length
    if (fstatSync(fd).size !== this.#recordsAt + this.count * recordBytes)
      throw new Error(`The run ${path} is cut short`)
  }

  /** @throws Error when it is not a whole run: it is only a cache, so its reader makes it anew */
  static open(path: string): LocationRun {
    const fd = openSync(path, 'r')
    try {
      const header = readFully(fd, Buffer.alloc(headerBytes), 0)
      if (header.length < headerBytes || !header.subarray(0, 8).equals(magic)) throw new Error(`${path} is no run`)
      return new LocationRun(path, fd, header)
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  /** Calls back with every record of an id: its position in the run and its place, until one is accepted. */
  find<T>(id: Buffer, accept: (record: LocationRecord, position: number) => T | undefined): T | undefined {
    const bucket = bucketOf(id, 0, this.#bits)
    let low = this.#fanout[bucket] ?? 0
    let high = this.#fanout[bucket + 1] ?? 0
    const first = low
    const bytes = (high - low) * recordBytes
    if (bytes > this.#scratch.length) this.#scratch = Buffer.allocUnsafeSlow(bytes)
    const block = readFully(this.#fd, this.#scratch.subarray(0, bytes), this.#recordsAt + low * recordBytes)
    const end = first + Math.floor(block.length / recordBytes)
    high = end
    while (low < high) {
      const middle = (low + high) >>> 1
      const at = (middle - first) * recordBytes
      if (block.compare(id, 0, idBytes, at, at + idBytes) < 0) low = middle + 1
      else high = middle
    }
    for (let position = low; position < end; position++) {
      const at = (position - first) * recordBytes
      if (block.compare(id, 0, idBytes, at, at + idBytes) !== 0) return undefined
      const accepted = accept(readRecord(block, at), position)
      if (accepted !== undefined) return accepted
    }
    return undefined
  }

  /** All records in order, many at a time; the buffer is used again for the next. */
  *blocks(): Generator<{ records: Buffer; first: number }> {
    const buffer = Buffer.allocUnsafeSlow(blockRecords * recordBytes)
    for (let first = 0; first < this.count; first += blockRecords) {
      const bytes = Math.min(blockRecords, this.count - first) * recordBytes
      const records = readFully(this.#fd, buffer.subarray(0, bytes), this.#recordsAt + first * recordBytes)
      if (records.length < bytes) throw new Error(`The run ${this.path} is cut short`)
      yield { records, first }
    }
  }

  close(): void {
    closeSync(this.#fd)
  }
}

/** Writes a run from records that come sorted; the count may turn out smaller than the bound. */
export class RunWriter {
  readonly #path: string
  readonly #fd: number
  readonly #bits: number
  readonly #packs: readonly RunPack[]
  readonly #fanout: Uint32Array<ArrayBuffer>
  readonly #block = Buffer.allocUnsafeSlow(blockRecords * recordBytes)
  #filled = 0
  #count = 0
  #nextBucket = 0
  #position: number

  constructor(path: string, packs: readonly RunPack[], mostRecords: number) {
    this.#path = path
    this.#packs = packs
    this.#fd = openSync(`${path}.new`, 'w', 0o600)
    this.#bits = Math.min(fanoutMostBits, Math.max(0, Math.ceil(Math.log2(Math.max(1, mostRecords / bucketRecords)))))
    this.#fanout = new Uint32Array(2 ** this.#bits + 1)
    this.#position = headerBytes + packs.length * runPackBytes + this.#fanout.byteLength
  }

  /** @param record 44 bytes, of which the pack's number is set anew */
  add(record: Buffer, at: number, packNumber: number): void {
    const bucket = bucketOf(record, at, this.#bits)
    while (this.#nextBucket <= bucket) this.#fanout[this.#nextBucket++] = this.#count
    record.copy(this.#block, this.#filled, at, at + recordBytes)
    this.#block.writeUInt32LE(packNumber, this.#filled + idBytes)
    this.#filled += recordBytes
    this.#count++
    if (this.#filled === this.#block.length) this.#writeBlock()
  }

  finish(): LocationRun {
    this.#writeBlock()
    while (this.#nextBucket < this.#fanout.length) this.#fanout[this.#nextBucket++] = this.#count
    const packs = Buffer.alloc(this.#packs.length * runPackBytes)
    for (const [number, pack] of this.#packs.entries()) {
      const at = number * runPackBytes
      packs.write(pack.id, at, 'hex')
      pack.keyId.copy(packs, at + 16)
      packs.writeUIntLE(pack.sizeBytes, at + 24, 6)
    }
    const tables = Buffer.concat([packs, Buffer.from(this.#fanout.buffer)])
    const header = Buffer.alloc(headerBytes)
    magic.copy(header)
    header.writeUIntLE(this.#count, 8, 6)
    header.writeUInt32LE(this.#packs.length, 14)
    header.writeUInt16LE(this.#bits, 18)
    blake3(tables).copy(header, 32, 0, 16)
    writeSync(this.#fd, Buffer.concat([header, tables]), 0, headerBytes + tables.length, 0)
    fsyncSync(this.#fd)
    closeSync(this.#fd)
    renameSync(`${this.#path}.new`, this.#path)
    return LocationRun.open(this.#path)
  }

  #writeBlock() {
    let written = 0
    while (written < this.#filled) {
      written += writeSync(this.#fd, this.#block, written, this.#filled - written, this.#position + written)
    }
    this.#position += this.#filled
    this.#filled = 0
  }
}
