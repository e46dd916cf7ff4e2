import type { Duplex } from 'node:stream'
import { ByteReader } from './byte-reader.ts'
import { NbdError } from './error.ts'
import type { NbdExport, NbdPeer } from './export.ts'
import {
  encodeOptionReply,
  FieldReader,
  maximumOptionBytes,
  optionHeaderBytes,
  textField,
  uint16,
  uint32,
  uint64,
} from './option.ts'
import {
  exportFlag,
  greetingMagic,
  handshakeFlag,
  info,
  option,
  optionMagic,
  optionReply,
  usualMaximumBytes,
} from './wire.ts'

/** What a handshake needs of its server. */
export interface Doorkeeper {
  /** Undefined where it has none of the name for this peer */
  open(name: string, peer: NbdPeer): Promise<NbdExport | undefined> | NbdExport | undefined
  /** Undefined: nobody is told */
  list?: ((peer: NbdPeer) => readonly string[]) | undefined
  /** Takes the stream over; required before anything else when present */
  secure?: ((socket: Duplex) => Promise<{ socket: Duplex; peer: NbdPeer }>) | undefined
}

/** What client and server agreed on. */
export interface OpenedExport {
  name: string
  served: NbdExport
  structured: boolean
  contexts: readonly { name: string; id: number }[]
}

const doing = 'talk to a client'
const maximumOptions = 1000
const optionsWithTlsUndecided: readonly number[] = [option.startTls, option.abort]

export function flagsOf(served: NbdExport): number {
  const writes = served.write !== undefined
  return (
    exportFlag.hasFlags |
    (writes ? 0 : exportFlag.readOnly) |
    (served.flush ? exportFlag.flush : 0) |
    (writes && served.flush ? exportFlag.fua : 0) |
    (writes && served.trim ? exportFlag.trim : 0) |
    (writes && served.writeZeroes ? exportFlag.writeZeroes : 0) |
    (served.multiConn ? exportFlag.multiConn : 0)
  )
}

/** The server's side of the talk before the first request. */
export class ServerHandshake {
  #socket: Duplex
  #reader: ByteReader
  #peer: NbdPeer
  #secured = false
  #structured = false
  #noZeroes = false
  /** Contexts that were chosen, and for which export. */
  #chosen: { exportName: string; contexts: { name: string; id: number }[] } | undefined
  readonly #door: Doorkeeper

  constructor(socket: Duplex, peer: NbdPeer, door: Doorkeeper) {
    this.#socket = socket
    this.#reader = new ByteReader(socket)
    this.#peer = peer
    this.#door = door
  }

  get socket(): Duplex {
    return this.#socket
  }

  get reader(): ByteReader {
    return this.#reader
  }

  /** Who asks, as far as is known by now. */
  get peer(): NbdPeer {
    return this.#peer
  }

  /** Resolves when the client opened an export, or undefined when it left. */
  async run(): Promise<OpenedExport | undefined> {
    const flags = handshakeFlag.fixedNewstyle | handshakeFlag.noZeroes
    this.#socket.write(Buffer.concat([uint64(greetingMagic), uint64(optionMagic), uint16(flags)]))
    const answered = (await this.#reader.read(4)).readUInt32BE(0)
    if ((answered & ~flags) !== 0 || (answered & handshakeFlag.fixedNewstyle) === 0) {
      throw new NbdError('protocol', doing, `it wants ${answered}, which is unknown`)
    }
    this.#noZeroes = (answered & handshakeFlag.noZeroes) !== 0
    for (let count = 0; count < maximumOptions; count++) {
      const header = await this.#reader.read(optionHeaderBytes)
      if (header.readBigUInt64BE(0) !== optionMagic) throw new NbdError('protocol', doing, 'it asks nothing known')
      const number = header.readUInt32BE(8)
      const length = header.readUInt32BE(12)
      if (length > maximumOptionBytes) {
        await this.#reader.skip(length)
        this.#reply(number, optionReply.tooBig)
        continue
      }
      const data = await this.#reader.read(length)
      if (number === option.abort) {
        this.#reply(number, optionReply.ack)
        return undefined
      }
      const opened = await this.#answer(number, data)
      if (opened) return opened
    }
    throw new NbdError('protocol', doing, 'it does not come to an end')
  }

  async #answer(number: number, data: Buffer): Promise<OpenedExport | undefined> {
    const mustSecure = this.#door.secure && !this.#secured
    if (number === option.exportName) {
      // The only question that can not be refused in words.
      if (mustSecure) throw new NbdError('tls', doing, 'it wants an export without TLS')
      return this.#openOld(data)
    }
    if (mustSecure && !optionsWithTlsUndecided.includes(number)) {
      this.#reply(number, optionReply.tlsRequired)
      return undefined
    }
    try {
      switch (number) {
        case option.startTls:
          await this.#startTls(data)
          return undefined
        case option.list:
          this.#list(data)
          return undefined
        case option.structuredReply:
          this.#fields(data).finish()
          this.#structured = true
          this.#reply(number, optionReply.ack)
          return undefined
        case option.listMetaContext:
        case option.setMetaContext:
          await this.#contexts(number, data)
          return undefined
        case option.info:
        case option.go:
          return await this.#open(number, data)
        default:
          this.#reply(number, optionReply.unsupported)
          return undefined
      }
    } catch (error) {
      // What is wrong in one question is told; the next may be right.
      if (!(error instanceof NbdError) || error.code !== 'invalid') throw error
      this.#reply(number, optionReply.invalid)
      return undefined
    }
  }

  async #startTls(data: Buffer): Promise<void> {
    this.#fields(data).finish()
    const { secure } = this.#door
    if (!secure || this.#secured) {
      this.#reply(option.startTls, this.#secured ? optionReply.invalid : optionReply.policy)
      return
    }
    const plain = this.#socket
    this.#reader.detach()
    await new Promise<void>((resolve) =>
      plain.write(encodeOptionReply(option.startTls, optionReply.ack), () => resolve()),
    )
    const { socket, peer } = await secure(plain)
    this.#socket = socket
    this.#reader = new ByteReader(socket)
    this.#peer = peer
    this.#secured = true
    this.#structured = false
    this.#chosen = undefined
  }

  #list(data: Buffer): void {
    this.#fields(data).finish()
    const names = this.#door.list?.(this.#peer)
    for (const name of names ?? []) this.#reply(option.list, optionReply.server, textField(name))
    this.#reply(option.list, names ? optionReply.ack : optionReply.policy)
  }

  async #contexts(number: number, data: Buffer): Promise<void> {
    const fields = this.#fields(data)
    const exportName = fields.text()
    const count = fields.uint32()
    if (count * 4 > fields.remaining) throw new NbdError('invalid', doing, 'a list does not fit its message')
    const queries = Array.from({ length: count }, () => fields.text())
    fields.finish()
    const sets = number === option.setMetaContext
    if (sets) this.#chosen = undefined
    if (sets && !this.#structured) throw new NbdError('invalid', doing, 'contexts come with structured replies alone')
    const served = await this.#door.open(exportName, this.#peer)
    if (!served) return this.#reply(number, optionReply.unknown)
    const asksAll = !sets && queries.length === 0
    const found = (served.extents ? (served.contexts ?? []) : [])
      .map((name, index) => ({ name, id: index + 1 }))
      .filter(({ name }) => asksAll || queries.some((query) => name === query || (!sets && isPrefix(query, name))))
    for (const { name, id } of found) {
      this.#reply(number, optionReply.metaContext, Buffer.concat([uint32(sets ? id : 0), Buffer.from(name)]))
    }
    if (sets) this.#chosen = { exportName, contexts: found }
    this.#reply(number, optionReply.ack)
  }

  async #open(number: number, data: Buffer): Promise<OpenedExport | undefined> {
    const fields = this.#fields(data)
    const name = fields.text()
    const count = fields.uint16()
    const wanted = Array.from({ length: Math.min(count, fields.remaining / 2) }, () => fields.uint16())
    fields.finish()
    const served = await this.#door.open(name, this.#peer)
    if (!served) {
      this.#reply(number, optionReply.unknown)
      return undefined
    }
    const tell = (...parts: Buffer[]) => this.#reply(number, optionReply.info, Buffer.concat(parts))
    tell(uint16(info.export), uint64(served.sizeBytes), uint16(this.#flags(served)))
    if (wanted.includes(info.name)) tell(uint16(info.name), Buffer.from(name))
    if (wanted.includes(info.description) && served.description) {
      tell(uint16(info.description), Buffer.from(served.description))
    }
    const preferredBytes = served.preferredBytes ?? 64 * 1024
    tell(uint16(info.blockSize), uint32(1), uint32(preferredBytes), uint32(usualMaximumBytes))
    this.#reply(number, optionReply.ack)
    return number === option.go ? this.#opened(name, served) : undefined
  }

  async #openOld(data: Buffer): Promise<OpenedExport> {
    const name = data.toString()
    const served = await this.#door.open(name, this.#peer)
    if (!served) throw new NbdError('no-export', doing, 'it wants an export that there is not')
    const zeroes = Buffer.alloc(this.#noZeroes ? 0 : 124)
    this.#socket.write(Buffer.concat([uint64(served.sizeBytes), uint16(this.#flags(served)), zeroes]))
    return this.#opened(name, served)
  }

  #opened(name: string, served: NbdExport): OpenedExport {
    const contexts = this.#chosen?.exportName === name ? this.#chosen.contexts : []
    return { name, served, structured: this.#structured, contexts }
  }

  #flags(served: NbdExport): number {
    return flagsOf(served) | (this.#structured ? exportFlag.dontFragment : 0)
  }

  #reply(number: number, type: number, data?: Buffer): void {
    this.#socket.write(encodeOptionReply(number, type, data))
  }

  /** What the client says is its own fault: it is told so. */
  #fields(data: Buffer): FieldReader {
    return new FieldReader(data, doing, 'invalid')
  }
}

/** In a list of contexts a namespace stands for all in it, `base:` or `qemu:dirty-bitmap:`. */
const isPrefix = (query: string, name: string) => query.endsWith(':') && name.startsWith(query)
