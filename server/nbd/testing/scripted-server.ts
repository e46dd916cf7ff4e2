import type { Duplex } from 'node:stream'
import { ByteReader } from '../byte-reader.ts'
import { encodeOptionReply, uint16, uint32, uint64 } from '../option.ts'
import {
  chunk,
  chunkFlag,
  chunkMagic,
  command,
  exportFlag,
  greetingMagic,
  info,
  option,
  optionMagic,
  optionReply,
  requestBytes,
  simpleReplyMagic,
} from '../wire.ts'

export const greeting = (flags = 3) => Buffer.concat([uint64(greetingMagic), uint64(optionMagic), uint16(flags)])

const usualFlags = exportFlag.hasFlags | exportFlag.flush | exportFlag.fua | exportFlag.writeZeroes | exportFlag.trim

export const exportInfo = (sizeBytes: number | bigint, flags = usualFlags) =>
  encodeOptionReply(option.go, optionReply.info, Buffer.concat([uint16(info.export), uint64(sizeBytes), uint16(flags)]))

export const blockSizeInfo = (minimum: number, preferred: number, maximum: number) =>
  encodeOptionReply(
    option.go,
    optionReply.info,
    Buffer.concat([uint16(info.blockSize), ...[minimum, preferred, maximum].map(uint32)]),
  )

const acknowledge = (number: number) => encodeOptionReply(number, optionReply.ack)

/** What a server says up to the first request. */
export function handshakeBytes({ sizeBytes = 1 << 20, structured = true, contexts = [] as string[] } = {}): Buffer {
  const told = contexts.map((name, id) =>
    encodeOptionReply(
      option.setMetaContext,
      optionReply.metaContext,
      Buffer.concat([uint32(id + 1), Buffer.from(name)]),
    ),
  )
  return Buffer.concat([
    greeting(),
    structured
      ? acknowledge(option.structuredReply)
      : encodeOptionReply(option.structuredReply, optionReply.unsupported),
    ...told,
    contexts.length > 0 ? acknowledge(option.setMetaContext) : Buffer.alloc(0),
    exportInfo(sizeBytes),
    acknowledge(option.go),
  ])
}

const cookieBytes = (cookie: number) => uint64(cookie)

export const simpleReply = (cookie: number, error = 0, data = Buffer.alloc(0)) =>
  Buffer.concat([uint32(simpleReplyMagic), uint32(error), cookieBytes(cookie), data])

export const chunkBytes = (cookie: number, type: number, body: Buffer, done = true) =>
  Buffer.concat([
    uint32(chunkMagic),
    uint16(done ? chunkFlag.done : 0),
    uint16(type),
    cookieBytes(cookie),
    uint32(body.length),
    body,
  ])

export const dataChunk = (cookie: number, offset: number, data: Buffer, done = true) =>
  chunkBytes(cookie, chunk.data, Buffer.concat([uint64(offset), data]), done)
export const holeChunk = (cookie: number, offset: number, length: number, done = true) =>
  chunkBytes(cookie, chunk.hole, Buffer.concat([uint64(offset), uint32(length)]), done)
export const statusChunk = (cookie: number, contextId: number, ...pairs: number[]) =>
  chunkBytes(cookie, chunk.blockStatus, Buffer.concat([contextId, ...pairs].map(uint32)))
export const errorChunk = (cookie: number, error: number, said = '') =>
  chunkBytes(cookie, chunk.error, Buffer.concat([uint32(error), uint16(said.length), Buffer.from(said)]))

export interface SeenRequest {
  command: number
  flags: number
  cookie: number
  offset: number
  length: number
  payload: Buffer
}

/** The other end of a client under test: reads its requests and answers with whatever bytes the test says. */
export class ScriptedServer {
  readonly socket: Duplex
  readonly requests: SeenRequest[] = []
  #handshakeBytes = 0

  /** `talkBytes`: how many bytes the client sends before its first request. */
  constructor(socket: Duplex, talkBytes: number, answer?: (request: SeenRequest) => Buffer | undefined) {
    this.socket = socket
    this.#handshakeBytes = talkBytes
    socket.on('error', () => {})
    void this.#serve(new ByteReader(socket), answer).catch(() => {})
  }

  async #serve(reader: ByteReader, answer?: (request: SeenRequest) => Buffer | undefined) {
    await reader.skip(this.#handshakeBytes)
    for (;;) {
      const head = Buffer.from(await reader.read(requestBytes))
      const length = head.readUInt32BE(24)
      const type = head.readUInt16BE(6)
      const request = {
        command: type,
        flags: head.readUInt16BE(4),
        cookie: Number(head.readBigUInt64BE(8)),
        offset: Number(head.readBigUInt64BE(16)),
        length,
        payload: type === command.write ? Buffer.from(await reader.read(length)) : Buffer.alloc(0),
      }
      this.requests.push(request)
      const bytes = answer?.(request)
      if (bytes) this.socket.write(bytes)
    }
  }
}
