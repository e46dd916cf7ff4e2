import type { Duplex } from 'node:stream'
import type { ByteReader } from './byte-reader.ts'
import { type CallLimit, type CallOptions, limited } from './call-limit.ts'
import type { AgreedExport, BlockSize, NbdFlags } from './client-handshake.ts'
import { NbdError } from './error.ts'
import { type Extent, mergeExtents } from './extent.ts'
import { newRequest, ReplyReader, type Request } from './reply.ts'
import { RequestWindow, type WindowSize } from './window.ts'
import { command, commandFlag, requestBytes, requestMagic } from './wire.ts'

/** Data go in pieces of at most this size, several at once. */
const pieceBytes = 2 * 2 ** 20
/** What carries no data goes in larger ones; a server may take its time to write zeroes. */
const zeroPieceBytes = 128 * 2 ** 20
const statusPieceBytes = 2 ** 30
const closeMs = 5000

export const usualWindow: WindowSize = { requests: 16, bytes: 16 * 2 ** 20 }

interface Call {
  command: number
  flags?: number
  offset?: number
  length?: number
  payload?: Uint8Array
  target?: Buffer
  contextId?: number
}

type Waiting = Request & { weightBytes: number; settle: () => void; fail: (error: NbdError) => void }

/**
 * An open export. Calls may be made all at once: what the window does not hold waits. A call that is given up may still
 * be done by the server, and keeps its place in the window until it is answered.
 */
export class NbdClient {
  readonly exportName: string
  readonly sizeBytes: number
  readonly blockSize: BlockSize
  readonly flags: NbdFlags
  /** Names of the contexts that `extents` takes. */
  readonly contexts: readonly string[]
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>
  readonly #socket: Duplex
  readonly #agreed: AgreedExport
  readonly #window: RequestWindow
  readonly #requests = new Map<number, Waiting>()
  #cookie = 0
  #closing = false
  #lost: NbdError | undefined
  #tellClosed = () => {}
  #tellIdle: (() => void) | undefined

  constructor(socket: Duplex, reader: ByteReader, agreed: AgreedExport, window: WindowSize = usualWindow) {
    this.exportName = agreed.exportName
    this.sizeBytes = agreed.sizeBytes
    this.blockSize = agreed.blockSize
    this.flags = agreed.flags
    this.contexts = [...agreed.contexts.keys()]
    this.closed = new Promise((resolve) => {
      this.#tellClosed = resolve
    })
    this.#socket = socket
    this.#agreed = agreed
    this.#window = new RequestWindow(window)
    socket.on('error', () => {}) // the reader tells it
    void this.#receive(new ReplyReader(reader, this.#requests, agreed.structured))
  }

  /** Why the connection ended, or undefined while it is open. */
  get lost(): NbdError | undefined {
    return this.#lost
  }

  /** Requests that the server has not answered. */
  get unansweredCount(): number {
    return this.#requests.size
  }

  async read(offset: number, length: number, options: CallOptions = {}): Promise<Buffer> {
    const doing = `read ${length} bytes at ${offset}`
    this.#check(doing, offset, length)
    return limited(doing, options, async (limit) => {
      const bytes = Buffer.allocUnsafe(length)
      await this.#inPieces(offset, length, this.#dataPieceBytes(), (at, count) => {
        const target = bytes.subarray(at - offset, at - offset + count)
        return this.#perform({ command: command.read, offset: at, length: count, target }, limit)
      })
      return bytes
    })
  }

  /** `bytes` must stay as they are until it resolves. */
  async write(offset: number, bytes: Uint8Array, { fua, ...options }: CallOptions & { fua?: boolean } = {}) {
    const doing = `write ${bytes.length} bytes at ${offset}`
    this.#checkWrite(doing, offset, bytes.length, fua)
    const flags = fua ? commandFlag.fua : 0
    await limited(doing, options, (limit) =>
      this.#inPieces(offset, bytes.length, this.#dataPieceBytes(), (at, count) => {
        const payload = bytes.subarray(at - offset, at - offset + count)
        return this.#perform({ command: command.write, flags, offset: at, length: count, payload }, limit)
      }),
    )
  }

  /** `allocate` keeps the space taken; otherwise the server may give it back. */
  async writeZeroes(
    offset: number,
    length: number,
    { fua, allocate, ...options }: CallOptions & { fua?: boolean; allocate?: boolean } = {},
  ): Promise<void> {
    const doing = `write zeroes over ${length} bytes at ${offset}`
    this.#checkWrite(doing, offset, length, fua)
    this.#need(doing, this.flags.writeZeroes)
    const flags = (fua ? commandFlag.fua : 0) | (allocate ? commandFlag.noHole : 0)
    await limited(doing, options, (limit) =>
      this.#inPieces(offset, length, zeroPieceBytes, (at, count) =>
        this.#perform({ command: command.writeZeroes, flags, offset: at, length: count }, limit),
      ),
    )
  }

  /** Says that what lies there is not needed any more; what is read there afterwards is anything. */
  async trim(offset: number, length: number, options: CallOptions = {}): Promise<void> {
    const doing = `give back ${length} bytes at ${offset}`
    this.#checkWrite(doing, offset, length)
    this.#need(doing, this.flags.trim)
    await limited(doing, options, (limit) =>
      this.#inPieces(offset, length, zeroPieceBytes, (at, count) =>
        this.#perform({ command: command.trim, offset: at, length: count }, limit),
      ),
    )
  }

  /** Every write that was answered before is on stable storage when this resolves. */
  async flush(options: CallOptions = {}): Promise<void> {
    const doing = 'flush'
    this.#need(doing, this.flags.flush)
    await limited(doing, options, (limit) => this.#perform({ command: command.flush }, limit))
  }

  /**
   * What a context says of a range, without gaps and with neighbours of the same kind joined. The range may be of any
   * size; the limit holds for each question on the way.
   */
  extents(context: string, offset: number, length: number, options: CallOptions = {}): AsyncIterable<Extent> {
    return mergeExtents(this.#askExtents(context, offset, length, options))
  }

  async *#askExtents(context: string, offset: number, length: number, options: CallOptions): AsyncGenerator<Extent> {
    const doing = `read the extents of ${context} from ${offset}`
    this.#check(doing, offset, length)
    const contextId = this.#agreed.contexts.get(context)
    if (contextId === undefined) throw new NbdError('invalid', doing, 'the context was not asked for when connecting')
    const end = offset + length
    for (let at = offset; at < end; ) {
      const call = { command: command.blockStatus, offset: at, length: Math.min(end - at, statusPieceBytes), contextId }
      const { descriptors } = await limited(doing, options, (limit) => this.#perform(call, limit))
      for (let index = 0; descriptors && index < descriptors.length && at < end; index += 8) {
        const extentLength = Math.min(descriptors.readUInt32BE(index), end - at)
        if (extentLength === 0) throw this.#end(new NbdError('protocol', doing, 'an extent is empty'))
        yield { offset: at, length: extentLength, flags: descriptors.readUInt32BE(index + 4) }
        at += extentLength
      }
    }
  }

  /** Waits for what is in flight, a while, and says goodbye. */
  async close(): Promise<void> {
    if (this.#lost || this.#closing) return this.closed
    this.#closing = true
    this.#window.close(new NbdError('closed', 'ask the server', 'the connection was closed on our side'))
    let timer: NodeJS.Timeout | undefined
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeMs)
    })
    const idle = new Promise<void>((resolve) => {
      this.#tellIdle = resolve
      if (this.#requests.size === 0) resolve()
    })
    await Promise.race([idle, tooLong, this.closed])
    clearTimeout(timer)
    if (this.#lost) return
    this.#socket.end(this.#encode({ command: command.disconnect }, 0))
    this.#end(new NbdError('closed', 'ask the server', 'the connection was closed on our side'), 'in order')
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#end(new NbdError('closed', 'ask the server', 'the connection was given up on our side'))
  }

  #dataPieceBytes(): number {
    const { minimumBytes, maximumBytes } = this.blockSize
    return Math.floor(Math.min(pieceBytes, maximumBytes) / minimumBytes) * minimumBytes
  }

  #check(doing: string, offset: number, length: number): void {
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
      throw new NbdError('invalid', doing, 'these are no places in an export')
    }
    if (offset + length > this.sizeBytes) {
      throw new NbdError('invalid', doing, `the export ends at ${this.sizeBytes}`)
    }
    const { minimumBytes } = this.blockSize
    if (offset % minimumBytes === 0 && length % minimumBytes === 0) return
    throw new NbdError('invalid', doing, `the server wants multiples of ${minimumBytes} bytes`)
  }

  #checkWrite(doing: string, offset: number, length: number, fua = false): void {
    this.#check(doing, offset, length)
    if (this.flags.readOnly) throw new NbdError('read-only', doing, 'the export is read-only')
    this.#need(doing, !fua || this.flags.fua)
  }

  #need(doing: string, offered: boolean): void {
    if (!offered) throw new NbdError('unsupported', doing, 'the server does not offer it')
  }

  /** All pieces at once, as far as the window lets them; the first failure is the call's. */
  async #inPieces(
    offset: number,
    length: number,
    size: number,
    perform: (offset: number, length: number) => Promise<unknown>,
  ): Promise<void> {
    const end = offset + length
    if (length <= size) {
      if (length > 0) await perform(offset, length)
      return
    }
    const pieces: Promise<unknown>[] = []
    for (let at = offset; at < end; at += size) pieces.push(perform(at, Math.min(size, end - at)))
    await Promise.all(pieces)
  }

  async #perform(call: Call, limit: CallLimit): Promise<Request> {
    const weightBytes = call.payload?.length ?? call.target?.length ?? 0
    await this.#window.enter(weightBytes, limit)
    const failure = this.#lost?.for(limit.doing) ?? limit.error
    if (failure) {
      this.#window.leave(weightBytes)
      throw failure
    }
    const cookie = this.#nextCookie()
    return new Promise((resolve, reject) => {
      const stopListening = limit.onGiveUp((error) => {
        request.target = undefined
        reject(error)
      })
      const { offset = 0, length = 0, target, contextId } = call
      const asked = newRequest({ doing: limit.doing, command: call.command, offset, length, target, contextId })
      const request: Waiting = Object.assign(asked, {
        weightBytes,
        settle: () => {
          stopListening()
          if (request.failure) reject(request.failure)
          else resolve(request)
        },
        fail: (error: NbdError) => {
          stopListening()
          reject(error.for(limit.doing))
        },
      })
      this.#requests.set(cookie, request)
      this.#socket.cork()
      this.#socket.write(this.#encode(call, cookie))
      if (call.payload) this.#socket.write(call.payload)
      this.#socket.uncork()
    })
  }

  #nextCookie(): number {
    do this.#cookie = (this.#cookie + 1) >>> 0
    while (this.#requests.has(this.#cookie))
    return this.#cookie
  }

  #encode({ command: type, flags = 0, offset = 0, length = 0 }: Call, cookie: number): Buffer {
    const header = Buffer.alloc(requestBytes)
    header.writeUInt32BE(requestMagic, 0)
    header.writeUInt16BE(flags, 4)
    header.writeUInt16BE(type, 6)
    header.writeUInt32BE(cookie, 12)
    header.writeBigUInt64BE(BigInt(offset), 16)
    header.writeUInt32BE(length, 24)
    return header
  }

  async #receive(replies: ReplyReader): Promise<void> {
    try {
      for (;;) {
        const cookie = await replies.next()
        const request = this.#requests.get(cookie)
        if (!request) continue
        this.#requests.delete(cookie)
        this.#window.leave(request.weightBytes)
        request.settle()
        if (this.#requests.size === 0) this.#tellIdle?.()
      }
    } catch (error) {
      this.#end(error instanceof NbdError ? error : new NbdError('closed', 'read', String(error), error))
    }
  }

  #end(error: NbdError, how: 'in order' | 'at once' = 'at once'): NbdError {
    if (this.#lost) return this.#lost
    this.#lost = error
    const requests = [...this.#requests.values()]
    this.#requests.clear()
    for (const request of requests) request.fail(error)
    this.#window.close(error)
    if (how === 'in order') {
      const timer = setTimeout(() => this.#socket.destroy(), 1000)
      this.#socket.once('close', () => clearTimeout(timer))
    } else this.#socket.destroy()
    this.#tellClosed()
    return error
  }
}
