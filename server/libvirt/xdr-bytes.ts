/** A value that does not follow the wire format: too short, too long, or of an unknown kind. */
export class XdrError extends Error {
  override name = 'XdrError'
}

/** The longest string or byte array either side may send. */
export const maximumBytes = 4 * 1024 * 1024

const paddingOf = (length: number) => -length & 3

/** Growing output buffer in XDR's big-endian, four-byte-aligned form. */
export class XdrWriter {
  #buffer: Buffer
  #length = 0

  constructor(capacityBytes = 512) {
    this.#buffer = Buffer.allocUnsafe(capacityBytes)
  }

  /** Makes room for `count` bytes and returns the offset at which they start. */
  #reserve(count: number): number {
    const start = this.#length
    this.#length += count
    if (this.#length > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length))
      this.#buffer.copy(grown, 0, 0, start)
      this.#buffer = grown
    }
    return start
  }

  int(value: number) {
    const start = this.#reserve(4)
    this.#buffer.writeInt32BE(value, start)
  }

  uint(value: number) {
    const start = this.#reserve(4)
    this.#buffer.writeUInt32BE(value, start)
  }

  hyper(value: bigint) {
    const start = this.#reserve(8)
    this.#buffer.writeBigInt64BE(value, start)
  }

  uhyper(value: bigint) {
    const start = this.#reserve(8)
    this.#buffer.writeBigUInt64BE(value, start)
  }

  double(value: number) {
    const start = this.#reserve(8)
    this.#buffer.writeDoubleBE(value, start)
  }

  /** Bytes without a length in front, padded with zeros to four. */
  bytes(value: Uint8Array) {
    const start = this.#reserve(value.length + paddingOf(value.length))
    this.#buffer.set(value, start)
    this.#buffer.fill(0, start + value.length, this.#length)
  }

  text(value: string) {
    const lengthBytes = Buffer.byteLength(value)
    if (lengthBytes > maximumBytes) throw new XdrError(`a string of ${lengthBytes} bytes is too long to send`)
    this.uint(lengthBytes)
    const start = this.#reserve(lengthBytes + paddingOf(lengthBytes))
    this.#buffer.write(value, start)
    this.#buffer.fill(0, start + lengthBytes, this.#length)
  }

  /** Overwrites a number written earlier, such as a length that was not yet known. */
  patchUint(offset: number, value: number) {
    this.#buffer.writeUInt32BE(value, offset)
  }

  get length(): number {
    return this.#length
  }

  /** What was written so far; shares memory with the writer. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }
}

/** Reads XDR from a buffer; every read checks that the bytes are there. */
export class XdrReader {
  readonly #buffer: Buffer
  #offset: number

  constructor(buffer: Buffer, offset = 0) {
    this.#buffer = buffer
    this.#offset = offset
  }

  get remaining(): number {
    return this.#buffer.length - this.#offset
  }

  #take(count: number): number {
    const start = this.#offset
    if (start + count > this.#buffer.length) {
      throw new XdrError(`the message ends early: ${count} bytes wanted, ${this.remaining} left`)
    }
    this.#offset = start + count
    return start
  }

  int(): number {
    return this.#buffer.readInt32BE(this.#take(4))
  }

  uint(): number {
    return this.#buffer.readUInt32BE(this.#take(4))
  }

  hyper(): bigint {
    return this.#buffer.readBigInt64BE(this.#take(8))
  }

  uhyper(): bigint {
    return this.#buffer.readBigUInt64BE(this.#take(8))
  }

  double(): number {
    return this.#buffer.readDoubleBE(this.#take(8))
  }

  /** `length` bytes and their padding; shares memory with the message. */
  bytes(length: number): Buffer {
    if (length > maximumBytes) throw new XdrError(`${length} bytes are more than a message may hold`)
    const start = this.#take(length + paddingOf(length))
    return this.#buffer.subarray(start, start + length)
  }

  text(): string {
    return this.bytes(this.uint()).toString('utf8')
  }
}
