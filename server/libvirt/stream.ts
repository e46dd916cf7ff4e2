import { Duplex } from 'node:stream'
import { LibvirtError } from './error.ts'
import { encodeStreamHeader } from './message.ts'
import type { StreamDirection } from './protocol/shape.ts'
import type { StreamProcedureName } from './protocol.ts'

/** What a stream needs of the connection that carries it. */
export interface StreamCarrier {
  /** Writes the buffers; false asks to wait for `whenDrained`. */
  write(...buffers: Uint8Array[]): boolean
  whenDrained(then: () => void): void
  pauseReading(): void
  resumeReading(): void
  /** No more packets of this stream are wanted. */
  forgetStream(serial: number): void
  readonly isOpen: boolean
}

/** Small enough for every version of the daemon. */
const packetBytes = 256_000

/**
 * The bytes of an upload, a download or a console. The writable side's `finish` and the readable side's `end` come only
 * after the daemon confirmed that it is done; its error destroys the stream with a LibvirtError. Destroying an
 * unfinished stream tells the daemon to give up. A slow reader holds up the whole connection, so bulk streams want one
 * each.
 */
export class LibvirtStream extends Duplex {
  readonly #carrier: StreamCarrier
  /** The call that opened it. */
  readonly procedure: StreamProcedureName
  readonly #serial: number
  /** We said that we have nothing more to say. */
  #finishing = false
  /** The daemon confirmed it, or gave up. */
  #ended = false
  #confirmed: (() => void) | undefined

  constructor(carrier: StreamCarrier, name: StreamProcedureName, serial: number, direction: StreamDirection) {
    const sides = { readable: direction !== 'upload', writable: direction !== 'download' }
    super({ ...sides, readableHighWaterMark: 1024 * 1024, writableHighWaterMark: 1024 * 1024 })
    this.#carrier = carrier
    this.procedure = name
    this.#serial = serial
  }

  /** A packet of data came in; an empty one says that there is no more. */
  receive(payload: Buffer) {
    if (payload.length > 0) {
      if (!this.push(payload)) this.#carrier.pauseReading()
      return
    }
    this.#finish()
    if (this.writable) this.end()
  }

  /** The daemon confirmed the end. */
  confirm() {
    this.#ended = true
    this.#carrier.forgetStream(this.#serial)
    this.push(null)
    if (this.writable) this.end()
    this.#confirmed?.()
  }

  /** The daemon reports an error; nothing more comes. */
  fail(error: Error) {
    this.#ended = true
    this.destroy(error)
  }

  /** The stream was never opened. */
  discard() {
    this.#ended = true
    this.destroy()
  }

  #finish() {
    if (this.#finishing) return
    this.#finishing = true
    this.#carrier.write(encodeStreamHeader(this.procedure, this.#serial, 'ok'))
  }

  override _read() {
    this.#carrier.resumeReading()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void) {
    let roomLeft = true
    for (let start = 0; start < chunk.length; start += packetBytes) {
      const part = chunk.subarray(start, start + packetBytes)
      roomLeft = this.#carrier.write(encodeStreamHeader(this.procedure, this.#serial, 'continue', part.length), part)
    }
    if (roomLeft) done()
    else this.#carrier.whenDrained(done)
  }

  override _final(done: (error?: Error | null) => void) {
    if (this.#ended) return done()
    this.#confirmed = done
    this.#finish()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void) {
    this.#carrier.forgetStream(this.#serial)
    if (!this.#ended && this.#carrier.isOpen && !(error instanceof LibvirtError)) {
      this.#carrier.write(encodeStreamHeader(this.procedure, this.#serial, 'error'))
    }
    this.#carrier.resumeReading()
    done(error)
  }
}
