import { NbdError, type NbdErrorCode } from './error.ts'
import { isFailure, maximumTextBytes, optionMagic, optionReply, optionReplyMagic } from './wire.ts'

/** The most data of one option or of one answer to it that is read. */
export const maximumOptionBytes = 64 * 1024
export const optionHeaderBytes = 16
export const optionReplyHeaderBytes = 20

export interface OptionReply {
  type: number
  data: Buffer
}

export function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export function uint64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

/** Text with its length in front. */
export function textField(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([uint32(bytes.length), bytes])
}

export function encodeOption(option: number, data: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([uint64(optionMagic), uint32(option), uint32(data.length), data])
}

export function encodeOptionReply(option: number, type: number, data: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([uint64(optionReplyMagic), uint32(option), uint32(type), uint32(data.length), data])
}

/** Reads the data of an option or of an answer; what is not there throws `protocol`, or what the caller prefers. */
export class FieldReader {
  readonly #bytes: Buffer
  readonly #doing: string
  readonly #code: NbdErrorCode
  #at = 0

  constructor(bytes: Buffer, doing: string, code: NbdErrorCode = 'protocol') {
    this.#bytes = bytes
    this.#doing = doing
    this.#code = code
  }

  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  #take(count: number): number {
    if (count > this.remaining) throw new NbdError(this.#code, this.#doing, 'a message ends early')
    this.#at += count
    return this.#at - count
  }

  uint16(): number {
    return this.#bytes.readUInt16BE(this.#take(2))
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4))
  }

  uint64(): number {
    const value = Number(this.#bytes.readBigUInt64BE(this.#take(8)))
    if (!Number.isSafeInteger(value)) throw new NbdError(this.#code, this.#doing, `${value} is beyond what can be read`)
    return value
  }

  /** Text with its length in front. */
  text(): string {
    return this.#string(this.uint32())
  }

  rest(): string {
    return this.#string(this.remaining)
  }

  #string(length: number): string {
    if (length > maximumTextBytes) throw new NbdError(this.#code, this.#doing, `a text of ${length} bytes is too long`)
    const start = this.#take(length)
    return this.#bytes.toString('utf8', start, start + length)
  }

  /** There may be nothing more. */
  finish(): void {
    if (this.remaining > 0) throw new NbdError(this.#code, this.#doing, 'a message is longer than it says')
  }
}

const failures: Record<number, { code: NbdErrorCode; why: string }> = {
  [optionReply.unsupported]: { code: 'unsupported', why: 'the server does not know how' },
  [optionReply.policy]: { code: 'refused', why: 'the server does not allow it' },
  [optionReply.invalid]: { code: 'invalid', why: 'the server finds the question wrong' },
  [optionReply.platform]: { code: 'unsupported', why: 'the server can not do it where it runs' },
  [optionReply.tlsRequired]: { code: 'tls', why: 'the server wants TLS' },
  [optionReply.unknown]: { code: 'no-export', why: 'the server has no such export' },
  [optionReply.shutdown]: { code: 'shutting-down', why: 'the server is shutting down' },
  [optionReply.blockSizeRequired]: { code: 'unsupported', why: 'the server wants another block size' },
  [optionReply.tooBig]: { code: 'invalid', why: 'the question is too long for the server' },
}

/** The error that an answer means. */
export function failureOf({ type, data }: OptionReply, doing: string): NbdError {
  if (!isFailure(type)) return new NbdError('protocol', doing, `the server gave the unknown answer ${type}`)
  const { code, why } = failures[type] ?? { code: 'refused', why: `the server refused with ${type}` }
  const said = new FieldReader(data.subarray(0, maximumTextBytes), doing).rest()
  return new NbdError(code, doing, said ? `${why}: ${said}` : why)
}
