import type { Duplex } from 'node:stream'
import { NbdError } from './error.ts'

interface Wait {
  wantedBytes: number
  wake: () => void
}

/**
 * Reads a byte stream in the pieces that a protocol asks for, however it was split on its way. Holds little more than
 * `limitBytes` that nobody asked for: the other side is then left to wait.
 */
export class ByteReader {
  readonly #socket: Duplex
  readonly #limitBytes: number
  #chunks: Buffer[] = []
  #heldBytes = 0
  #wait: Wait | undefined
  #end: NbdError | undefined

  constructor(socket: Duplex, limitBytes = 256 * 1024) {
    this.#socket = socket
    this.#limitBytes = limitBytes
    socket.on('data', this.#onData)
    socket.on('error', this.#onError)
    socket.on('end', this.#onEnd)
    socket.on('close', this.#onEnd)
    if (socket.destroyed) this.#onEnd()
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Exactly `count` bytes; may share memory with what came in. Rejects with `closed` when fewer come before the end. */
  async read(count: number): Promise<Buffer> {
    if (this.#heldBytes < count) await this.#until(count)
    return this.#take(count)
  }

  /** Fills `target`. */
  async readInto(target: Uint8Array): Promise<void> {
    let filled = 0
    while (filled < target.length) {
      if (this.#heldBytes === 0) await this.#until(1)
      const part = this.#take(this.#firstBytes(target.length - filled))
      target.set(part, filled)
      filled += part.length
    }
  }

  async skip(count: number): Promise<void> {
    let left = count
    while (left > 0) {
      if (this.#heldBytes === 0) await this.#until(1)
      left -= this.#take(this.#firstBytes(left)).length
    }
  }

  /**
   * Gives the stream back, to be read by somebody else. Bytes that came too early are refused: behind them the stream
   * would be another one than they were sent in.
   */
  detach(): void {
    if (this.#end) throw this.#end
    if (this.#heldBytes > 0) throw new NbdError('protocol', 'start TLS', 'bytes came that nobody had asked for')
    this.#socket.off('data', this.#onData)
    this.#socket.off('error', this.#onError)
    this.#socket.off('end', this.#onEnd)
    this.#socket.off('close', this.#onEnd)
    this.#socket.pause()
  }

  /** Nothing more is read; whoever waits is told `error`. */
  fail(error: NbdError): void {
    if (this.#end) return
    this.#end = error
    this.#chunks = []
    this.#heldBytes = 0
    this.#wait?.wake()
  }

  #firstBytes(atMost: number): number {
    return Math.min(atMost, this.#chunks[0]?.length ?? 0)
  }

  #take(count: number): Buffer {
    const first = this.#chunks[0]
    this.#heldBytes -= count
    if (this.#heldBytes < this.#limitBytes && this.#socket.isPaused()) this.#socket.resume()
    if (first && first.length > count) {
      this.#chunks[0] = first.subarray(count)
      return first.subarray(0, count)
    }
    if (first && first.length === count) {
      this.#chunks.shift()
      return first
    }
    const bytes = Buffer.allocUnsafe(count)
    let filled = 0
    while (filled < count) {
      const next = this.#chunks[0]
      if (!next) break
      const part = next.subarray(0, count - filled)
      part.copy(bytes, filled)
      filled += part.length
      if (part.length === next.length) this.#chunks.shift()
      else this.#chunks[0] = next.subarray(part.length)
    }
    return bytes
  }

  async #until(wantedBytes: number): Promise<void> {
    while (this.#heldBytes < wantedBytes) {
      if (this.#end) throw this.#end
      await new Promise<void>((resolve) => {
        this.#wait = { wantedBytes, wake: resolve }
      })
      this.#wait = undefined
    }
  }

  readonly #onData = (bytes: Buffer) => {
    if (this.#end) return
    this.#chunks.push(bytes)
    this.#heldBytes += bytes.length
    if (this.#wait && this.#heldBytes >= this.#wait.wantedBytes) this.#wait.wake()
    else if (!this.#wait && this.#heldBytes >= this.#limitBytes) this.#socket.pause()
  }

  readonly #onError = (cause: Error) => this.#finish(`the connection broke: ${cause.message}`, cause)
  readonly #onEnd = () => this.#finish('the other side closed the connection')

  /** What came in before the end can still be read. */
  #finish(why: string, cause?: Error) {
    this.#end ??= new NbdError('closed', 'read', why, cause)
    this.#wait?.wake()
  }
}
