import type { Duplex } from 'node:stream'
import type { ByteReader } from './byte-reader.ts'
import { NbdError } from './error.ts'
import { type Extent, mergeExtents } from './extent.ts'
import type { OpenedExport } from './server-handshake.ts'
import { encodeChunk, encodeDataHead, encodeError, encodeHole, encodeSimple, errnoOf } from './server-reply.ts'
import { RequestWindow, type WindowSize } from './window.ts'
import {
  allocationFlag,
  chunk,
  command,
  commandFlag,
  errno,
  requestBytes,
  requestMagic,
  usualMaximumBytes,
} from './wire.ts'

interface Request {
  type: number
  flags: number
  cookie: Buffer
  offset: number
  length: number
  payload: Buffer | undefined
}

/** Long reads are answered in pieces of this size, so that little is held at once. */
const pieceBytes = 2 ** 20
/** Below this it is not worth asking where the zeroes are. */
const holeWorthBytes = 64 * 1024
const maximumDescriptors = 8192
const doing = 'serve a client'
const allocation = 'base:allocation'

const writing: readonly number[] = [command.write, command.writeZeroes, command.trim]
const allowedFlags: Record<number, number> = {
  [command.read]: commandFlag.dontFragment,
  [command.write]: commandFlag.fua,
  [command.writeZeroes]: commandFlag.fua | commandFlag.noHole,
  [command.trim]: commandFlag.fua,
  [command.flush]: 0,
  [command.blockStatus]: commandFlag.requestOne,
}

/** Serves the requests of one client. What it sends or asks for beyond the window has to wait in its own socket. */
export class ServerSession {
  readonly exportName: string
  readonly #socket: Duplex
  readonly #reader: ByteReader
  readonly #opened: OpenedExport
  readonly #window: RequestWindow
  readonly #abort = new AbortController()
  readonly #working = new Set<Promise<void>>()
  #closing: Promise<void> | undefined

  constructor(socket: Duplex, reader: ByteReader, opened: OpenedExport, window: WindowSize) {
    this.exportName = opened.name
    this.#socket = socket
    this.#reader = reader
    this.#opened = opened
    this.#window = new RequestWindow(window)
    socket.once('close', () => {
      this.#abort.abort()
      this.#window.close(new NbdError('closed', doing, 'the client is gone'))
    })
  }

  get requests(): number {
    return this.#window.requests
  }

  get heldBytes(): number {
    return this.#window.bytes
  }

  /** Resolves when the client has left in order or `close` ended it; rejects when it is lost or sends nonsense. */
  async run(): Promise<void> {
    try {
      while (await this.#next());
      await this.#settled()
      await new Promise<void>((resolve) => this.#socket.end(() => resolve()))
    } catch (error) {
      if (!this.#closing) throw error
      await this.#closing
    } finally {
      this.#abort.abort()
      this.#socket.destroy()
    }
  }

  /** Answers what is being worked on, for a while, and ends the connection. */
  close(graceMs: number): Promise<void> {
    this.#closing ??= this.#finish(graceMs)
    this.#reader.fail(new NbdError('shutting-down', doing, 'the server ends'))
    return this.#closing
  }

  async #finish(graceMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs)
    })
    await Promise.race([this.#settled(), tooLong])
    clearTimeout(timer)
    this.#abort.abort()
    this.#socket.destroy()
  }

  async #settled(): Promise<void> {
    await Promise.allSettled(this.#working)
  }

  /** Takes the next request up. False when the client says goodbye. */
  async #next(): Promise<boolean> {
    const head = await this.#reader.read(requestBytes)
    if (head.readUInt32BE(0) !== requestMagic) throw new NbdError('protocol', doing, 'what came is no request')
    const type = head.readUInt16BE(6)
    if (type === command.disconnect) return false
    const length = head.readUInt32BE(24)
    const offset = head.readBigUInt64BE(16)
    const hasPayload = type === command.write
    if (hasPayload && length > usualMaximumBytes) {
      throw new NbdError('protocol', doing, `a write of ${length} bytes is too long`)
    }
    const request: Request = {
      type,
      flags: head.readUInt16BE(4),
      cookie: Buffer.from(head.subarray(8, 16)),
      offset: offset > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(offset),
      length,
      payload: undefined,
    }
    const weightBytes = this.#weight(request)
    await this.#window.enter(weightBytes)
    if (hasPayload) {
      request.payload = Buffer.allocUnsafe(length)
      await this.#reader.readInto(request.payload)
    }
    const work = this.#serve(request).finally(() => {
      this.#window.leave(weightBytes)
      this.#working.delete(work)
    })
    this.#working.add(work)
    return true
  }

  #weight({ type, flags, length }: Request): number {
    if (type === command.write) return length
    if (type !== command.read || length > usualMaximumBytes) return 0
    const whole = !this.#opened.structured || (flags & commandFlag.dontFragment) !== 0
    return whole ? length : Math.min(length, pieceBytes)
  }

  async #serve(request: Request): Promise<void> {
    try {
      const problem = this.#problem(request)
      if (problem !== undefined) await this.#fail(request, problem, '')
      else await this.#perform(request)
    } catch (error) {
      if (!this.#socket.destroyed)
        await this.#fail(request, errnoOf(error), error instanceof NbdError ? error.message : '')
    }
  }

  /** The number of the error that the request itself is. */
  #problem({ type, flags, offset, length }: Request): number | undefined {
    const { served, contexts } = this.#opened
    const allowed = allowedFlags[type]
    if (allowed === undefined || (flags & ~allowed) !== 0) return errno.invalid
    if (type === command.flush) return served.flush ? undefined : errno.invalid
    if (writing.includes(type) && !served.write) return errno.permission
    if (type === command.writeZeroes && !served.writeZeroes) return errno.invalid
    if (type === command.trim && !served.trim) return errno.invalid
    if (type === command.blockStatus && (contexts.length === 0 || length === 0)) return errno.invalid
    if (type === command.read && length > usualMaximumBytes) return errno.overflow
    if (offset + length > served.sizeBytes) return type === command.write ? errno.noSpace : errno.invalid
    return undefined
  }

  async #perform(request: Request): Promise<void> {
    const { type, flags, offset, length, payload } = request
    const { served } = this.#opened
    const { signal } = this.#abort
    if (type === command.read) return this.#read(request)
    if (type === command.blockStatus) return this.#status(request)
    if (type === command.write && payload) await served.write?.(offset, payload, signal)
    else if (type === command.writeZeroes) {
      await served.writeZeroes?.(offset, length, (flags & commandFlag.noHole) !== 0, signal)
    } else if (type === command.trim) await served.trim?.(offset, length, signal)
    if (type === command.flush || (flags & commandFlag.fua) !== 0) await served.flush?.(signal)
    await this.#send(encodeSimple(request.cookie, 0))
  }

  async #read(request: Request): Promise<void> {
    const { cookie, offset, length, flags } = request
    if (!this.#opened.structured) {
      return this.#send(encodeSimple(cookie, 0), await this.#data(offset, length))
    }
    if (length === 0) return this.#send(encodeChunk(cookie, chunk.none, 0, true))
    const isWhole = (flags & commandFlag.dontFragment) !== 0
    const size = isWhole ? length : pieceBytes
    const end = offset + length
    for (let at = offset; at < end; at += size) {
      const count = Math.min(size, end - at)
      const parts = isWhole ? [{ offset: at, length: count, flags: 0 }] : await this.#parts(at, count)
      for (const [index, part] of parts.entries()) {
        const isLast = at + count === end && index === parts.length - 1
        if ((part.flags & allocationFlag.zero) !== 0) await this.#send(encodeHole(cookie, part, isLast))
        else await this.#send(encodeDataHead(cookie, part, isLast), await this.#data(part.offset, part.length))
      }
    }
  }

  async #data(offset: number, length: number): Promise<Uint8Array> {
    const bytes = length === 0 ? Buffer.alloc(0) : await this.#opened.served.read(offset, length, this.#abort.signal)
    if (bytes.length !== length) throw new Error(`the export gave ${bytes.length} bytes where ${length} were asked for`)
    return bytes
  }

  /** A range as stretches of data and of zeroes. */
  async #parts(offset: number, length: number): Promise<Extent[]> {
    const whole = [{ offset, length, flags: 0 }]
    const { served } = this.#opened
    if (length < holeWorthBytes || !served.contexts?.includes(allocation)) return whole
    const parts = await this.#extents(allocation, offset, length, maximumDescriptors)
    const last = parts.at(-1)
    return last && last.offset + last.length === offset + length ? parts : whole
  }

  async #status(request: Request): Promise<void> {
    const { cookie, offset, length, flags } = request
    const most = (flags & commandFlag.requestOne) !== 0 ? 1 : maximumDescriptors
    const { contexts } = this.#opened
    const answers: Buffer[] = []
    for (const [index, { name, id }] of contexts.entries()) {
      const extents = await this.#extents(name, offset, length, most)
      if (extents.length === 0) throw new Error(`the export tells no extents of ${name} at ${offset}`)
      const body = Buffer.alloc(4 + extents.length * 8)
      body.writeUInt32BE(id, 0)
      for (const [at, extent] of extents.entries()) {
        body.writeUInt32BE(extent.length, 4 + at * 8)
        body.writeUInt32BE(extent.flags, 8 + at * 8)
      }
      const isLast = index === contexts.length - 1
      answers.push(encodeChunk(cookie, chunk.blockStatus, body.length, isLast), body)
    }
    await this.#send(...answers)
  }

  /** The first extents of a range, cut to it. */
  async #extents(context: string, offset: number, length: number, most: number): Promise<Extent[]> {
    const found: Extent[] = []
    const end = offset + length
    let at = offset
    const told = this.#opened.served.extents?.(context, offset, length, this.#abort.signal) ?? []
    for await (const extent of mergeExtents(told)) {
      if (extent.offset > at) throw new Error(`the export tells nothing about ${context} at ${at}`)
      const extentEnd = Math.min(extent.offset + extent.length, end)
      if (extentEnd <= at) continue
      found.push({ offset: at, length: extentEnd - at, flags: extent.flags })
      at = extentEnd
      if (found.length >= most || at >= end) break
    }
    return found
  }

  #fail({ type, cookie }: Request, number: number, said: string): Promise<void> {
    const inChunks = this.#opened.structured && (type === command.read || type === command.blockStatus)
    return this.#send(inChunks ? encodeError(cookie, number, said) : encodeSimple(cookie, number))
  }

  /** Resolves when the bytes have left, so that whoever does not read makes nobody hold more. */
  #send(...parts: Uint8Array[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.cork()
      for (const [index, part] of parts.entries()) {
        if (index < parts.length - 1) this.#socket.write(part)
        else
          this.#socket.write(part, (error) =>
            error ? reject(new NbdError('closed', doing, error.message)) : resolve(),
          )
      }
      this.#socket.uncork()
    })
  }
}
