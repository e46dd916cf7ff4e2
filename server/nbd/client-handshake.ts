import type { Duplex } from 'node:stream'
import { ByteReader } from './byte-reader.ts'
import type { CallLimit } from './call-limit.ts'
import { NbdError } from './error.ts'
import {
  encodeOption,
  FieldReader,
  failureOf,
  maximumOptionBytes,
  type OptionReply,
  optionReplyHeaderBytes,
  textField,
  uint16,
  uint32,
} from './option.ts'
import { type NbdTls, secureClient } from './transport.ts'
import {
  exportFlag,
  greetingMagic,
  handshakeFlag,
  info,
  option,
  optionMagic,
  optionReply,
  optionReplyMagic,
  usualMaximumBytes,
} from './wire.ts'

export interface NbdFlags {
  readOnly: boolean
  flush: boolean
  fua: boolean
  trim: boolean
  writeZeroes: boolean
  /** Several connections see each other's flushed writes. */
  multiConn: boolean
}

export interface BlockSize {
  /** Offsets and lengths must be multiples of it. */
  minimumBytes: number
  preferredBytes: number
  /** The most data of one request. */
  maximumBytes: number
}

/** What both sides agreed on about an export. */
export interface AgreedExport {
  exportName: string
  sizeBytes: number
  blockSize: BlockSize
  flags: NbdFlags
  /** Answers come in chunks */
  structured: boolean
  /** Numbers that the server gave the contexts, by name */
  contexts: ReadonlyMap<string, number>
}

const maximumReplies = 100_000
const usualBlockSize: BlockSize = { minimumBytes: 1, preferredBytes: 4096, maximumBytes: usualMaximumBytes }

function readFlags(bits: number): NbdFlags {
  const has = (flag: number) => (bits & exportFlag.hasFlags) !== 0 && (bits & flag) !== 0
  return {
    readOnly: has(exportFlag.readOnly),
    flush: has(exportFlag.flush),
    fua: has(exportFlag.fua),
    trim: has(exportFlag.trim),
    writeZeroes: has(exportFlag.writeZeroes),
    multiConn: has(exportFlag.multiConn),
  }
}

/** The client's side of the talk before the first request. */
export class ClientHandshake {
  #socket: Duplex
  #reader: ByteReader
  readonly #limit: CallLimit

  constructor(socket: Duplex, limit: CallLimit) {
    this.#socket = socket
    this.#reader = new ByteReader(socket)
    this.#limit = limit
  }

  get socket(): Duplex {
    return this.#socket
  }

  get reader(): ByteReader {
    return this.#reader
  }

  async greet(): Promise<void> {
    const greeting = await this.#reader.read(18)
    if (greeting.readBigUInt64BE(0) !== greetingMagic) throw this.#nonsense('this is no NBD server')
    if (greeting.readBigUInt64BE(8) !== optionMagic)
      throw this.#nonsense('the server speaks a protocol that is too old')
    const flags = greeting.readUInt16BE(16)
    if ((flags & handshakeFlag.fixedNewstyle) === 0) {
      throw this.#nonsense('the server speaks a protocol that is too old')
    }
    this.#socket.write(uint32(flags & (handshakeFlag.fixedNewstyle | handshakeFlag.noZeroes)))
  }

  async startTls(credential: NbdTls, host: string): Promise<void> {
    await this.#ask(option.startTls)
    this.#reader.detach()
    this.#socket = await secureClient(this.#socket, credential, host, this.#limit)
    this.#reader = new ByteReader(this.#socket)
  }

  async list(): Promise<string[]> {
    const replies = await this.#ask(option.list)
    return replies.filter(({ type }) => type === optionReply.server).map(({ data }) => this.#fields(data).text())
  }

  async open(exportName: string, contextNames: readonly string[]): Promise<AgreedExport> {
    const structured = await this.#ask(option.structuredReply).then(
      () => true,
      (error: unknown) => {
        if (error instanceof NbdError && error.code === 'unsupported') return false
        throw error
      },
    )
    const contexts = await this.#setContexts(exportName, contextNames, structured)
    const wanted = [info.blockSize]
    const question = Buffer.concat([textField(exportName), uint16(wanted.length), ...wanted.map(uint16)])
    const replies = await this.#ask(option.go, question)
    return { exportName, structured, contexts, ...this.#readInfo(replies) }
  }

  /** Ends the talk without having opened an export. */
  leave(): void {
    this.#socket.end(encodeOption(option.abort))
  }

  async #setContexts(exportName: string, names: readonly string[], structured: boolean) {
    const contexts = new Map<string, number>()
    if (names.length === 0) return contexts
    if (!structured) throw new NbdError('unsupported', this.#limit.doing, 'the server tells nothing about extents')
    const question = Buffer.concat([textField(exportName), uint32(names.length), ...names.map(textField)])
    for (const { type, data } of await this.#ask(option.setMetaContext, question)) {
      if (type !== optionReply.metaContext) continue
      const fields = this.#fields(data)
      const id = fields.uint32()
      contexts.set(fields.rest(), id)
    }
    const missing = names.filter((name) => !contexts.has(name))
    if (missing.length === 0) return contexts
    throw new NbdError('unsupported', this.#limit.doing, `the export has no context ${missing.join(', ')}`)
  }

  #readInfo(replies: readonly OptionReply[]): Pick<AgreedExport, 'sizeBytes' | 'flags' | 'blockSize'> {
    let found: Pick<AgreedExport, 'sizeBytes' | 'flags'> | undefined
    let blockSize = usualBlockSize
    for (const { type, data } of replies) {
      if (type !== optionReply.info) continue
      const fields = this.#fields(data)
      const kind = fields.uint16()
      if (kind === info.export) found = { sizeBytes: fields.uint64(), flags: readFlags(fields.uint16()) }
      else if (kind === info.blockSize) {
        blockSize = {
          minimumBytes: fields.uint32(),
          preferredBytes: fields.uint32(),
          maximumBytes: fields.uint32(),
        }
      }
    }
    if (!found) throw this.#nonsense('the server does not say how large the export is')
    const { minimumBytes, maximumBytes } = blockSize
    const isPower = minimumBytes > 0 && (minimumBytes & (minimumBytes - 1)) === 0
    if (!isPower || minimumBytes > 65536 || maximumBytes < minimumBytes) {
      throw this.#nonsense(`the server names impossible block sizes, ${minimumBytes} to ${maximumBytes}`)
    }
    return { ...found, blockSize }
  }

  /** Asks and collects the answers up to the last, which must be a consent. */
  async #ask(number: number, data?: Buffer): Promise<OptionReply[]> {
    this.#socket.write(encodeOption(number, data))
    const replies: OptionReply[] = []
    for (;;) {
      const reply = await this.#readReply(number)
      if (reply.type === optionReply.ack) return replies
      const isKnown =
        reply.type === optionReply.server || reply.type === optionReply.info || reply.type === optionReply.metaContext
      if (!isKnown) throw failureOf(reply, this.#limit.doing)
      if (replies.length >= maximumReplies) throw this.#nonsense('the server does not come to an end')
      replies.push(reply)
    }
  }

  async #readReply(number: number): Promise<OptionReply> {
    const header = await this.#reader.read(optionReplyHeaderBytes)
    if (header.readBigUInt64BE(0) !== optionReplyMagic || header.readUInt32BE(8) !== number) {
      throw this.#nonsense('the server answers something else')
    }
    const length = header.readUInt32BE(16)
    if (length > maximumOptionBytes) throw this.#nonsense(`an answer of ${length} bytes is too long`)
    return { type: header.readUInt32BE(12), data: await this.#reader.read(length) }
  }

  #fields(data: Buffer): FieldReader {
    return new FieldReader(data, this.#limit.doing)
  }

  #nonsense(why: string): NbdError {
    return new NbdError('protocol', this.#limit.doing, why)
  }
}
