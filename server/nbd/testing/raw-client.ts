import net from 'node:net'
import { ByteReader } from '../byte-reader.ts'
import { encodeOption, textField, uint16, uint32, uint64 } from '../option.ts'
import { option, optionReply, requestMagic } from '../wire.ts'

const goesOn: number[] = [optionReply.server, optionReply.info, optionReply.metaContext]

/** A request as bytes. */
export function requestBytesOf(
  type: number,
  offset: number | bigint,
  length: number,
  { flags = 0, cookie = 1, payload = Buffer.alloc(0) } = {},
): Buffer {
  const head = [uint32(requestMagic), uint16(flags), uint16(type), uint64(cookie), uint64(offset), uint32(length)]
  return Buffer.concat([...head, payload])
}

/** A client of a real server that may say anything. */
export class RawClient {
  readonly socket: net.Socket
  readonly reader: ByteReader

  constructor(socketPath: string) {
    this.socket = net.connect(socketPath)
    this.socket.on('error', () => {})
    this.reader = new ByteReader(this.socket)
  }

  /** The server's first words, in hexadecimal. */
  async greet(flags = 3): Promise<string> {
    const greeting = await this.reader.read(18)
    this.socket.write(uint32(flags))
    return greeting.toString('hex')
  }

  /** All answers to a question. */
  async ask(number: number, data?: Buffer): Promise<{ type: number; data: Buffer }[]> {
    this.socket.write(encodeOption(number, data))
    const replies = []
    for (;;) {
      const header = await this.reader.read(20)
      const type = header.readUInt32BE(12)
      replies.push({ type, data: Buffer.from(await this.reader.read(header.readUInt32BE(16))) })
      if (!goesOn.includes(type)) return replies
    }
  }

  go(name: string): Promise<{ type: number; data: Buffer }[]> {
    return this.ask(option.go, Buffer.concat([textField(name), uint16(0)]))
  }

  send(...request: Parameters<typeof requestBytesOf>): boolean {
    return this.socket.write(requestBytesOf(...request))
  }

  /** A simple answer, with data when it is no error. */
  async simple(dataBytes = 0): Promise<{ error: number; data: Buffer }> {
    const error = (await this.reader.read(16)).readUInt32BE(4)
    return { error, data: error === 0 ? await this.reader.read(dataBytes) : Buffer.alloc(0) }
  }
}
