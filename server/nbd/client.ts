import type { Duplex } from 'node:stream'
import type { ByteReader } from './byte-reader.ts'
import { type CallOptions, limited } from './call-limit.ts'
import { RequestChannel } from './channel.ts'
import type { AgreedExport, BlockSize, NbdFlags } from './client-handshake.ts'
import { NbdError } from './error.ts'
import { type Extent, mergeExtents } from './extent.ts'
import type { WindowSize } from './window.ts'
import { command, commandFlag } from './wire.ts'

/** Data go in pieces of at most this size, several at once. */
const pieceBytes = 2 * 2 ** 20
/** What carries no data goes in larger ones; a server may take its time to write zeroes. */
const zeroPieceBytes = 128 * 2 ** 20
const statusPieceBytes = 2 ** 30

export const usualWindow: WindowSize = { requests: 16, bytes: 16 * 2 ** 20 }

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
  readonly #agreed: AgreedExport
  readonly #channel: RequestChannel

  constructor(socket: Duplex, reader: ByteReader, agreed: AgreedExport, window: WindowSize = usualWindow) {
    this.exportName = agreed.exportName
    this.sizeBytes = agreed.sizeBytes
    this.blockSize = agreed.blockSize
    this.flags = agreed.flags
    this.contexts = [...agreed.contexts.keys()]
    this.#agreed = agreed
    this.#channel = new RequestChannel(socket, reader, agreed.structured, window)
  }

  /** Why the connection ended, or undefined while it is open. */
  get lost(): NbdError | undefined {
    return this.#channel.lost
  }

  /** Resolves when the connection has ended, for whatever reason. */
  get closed(): Promise<void> {
    return this.#channel.closed
  }

  /** Requests that the server has not answered. */
  get unansweredCount(): number {
    return this.#channel.unansweredCount
  }

  async read(offset: number, length: number, options: CallOptions = {}): Promise<Buffer> {
    this.#check(`read ${length} bytes at ${offset}`, offset, length)
    return this.readInto(Buffer.allocUnsafe(length), offset, options)
  }

  /** Fills `bytes`, which is what it gives back. */
  async readInto(bytes: Buffer, offset: number, options: CallOptions = {}): Promise<Buffer> {
    const { length } = bytes
    const doing = `read ${length} bytes at ${offset}`
    this.#check(doing, offset, length)
    return limited(doing, options, async (limit) => {
      await this.#inPieces(offset, length, this.#dataPieceBytes(), (at, count) => {
        const target = bytes.subarray(at - offset, at - offset + count)
        return this.#channel.perform({ command: command.read, offset: at, length: count, target }, limit)
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
        return this.#channel.perform({ command: command.write, flags, offset: at, length: count, payload }, limit)
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
        this.#channel.perform({ command: command.writeZeroes, flags, offset: at, length: count }, limit),
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
        this.#channel.perform({ command: command.trim, offset: at, length: count }, limit),
      ),
    )
  }

  /** Every write that was answered before is on stable storage when this resolves. */
  async flush(options: CallOptions = {}): Promise<void> {
    const doing = 'flush'
    this.#need(doing, this.flags.flush)
    await limited(doing, options, (limit) => this.#channel.perform({ command: command.flush }, limit))
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
      const { descriptors } = await limited(doing, options, (limit) => this.#channel.perform(call, limit))
      for (let index = 0; descriptors && index < descriptors.length && at < end; index += 8) {
        const extentLength = Math.min(descriptors.readUInt32BE(index), end - at)
        if (extentLength === 0) throw this.#channel.end(new NbdError('protocol', doing, 'an extent is empty'))
        yield { offset: at, length: extentLength, flags: descriptors.readUInt32BE(index + 4) }
        at += extentLength
      }
    }
  }

  /** Waits for what is in flight, a while, and says goodbye. */
  close(): Promise<void> {
    return this.#channel.close()
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#channel.end(new NbdError('closed', 'ask the server', 'the connection was given up on our side'))
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
}
