import { type Frame, frameStatus } from '#server/libvirt/frame.ts'
import { encodeError, encodeStreamHeader } from '#server/libvirt/message.ts'
import type { ProcedureName } from '#server/libvirt/protocol.ts'
import type { StreamPlan } from './handler/handler.ts'
import { Refusal } from './refusal.ts'

export interface StreamWires {
  /** False asks to wait for `whenDrained`. */
  send(...buffers: Buffer[]): boolean
  whenDrained(then: () => void): void
  /** The stream has ended, well or not. */
  onEnd(): void
}

/** The host's end of a stream that a call opened. */
export class ServedStream {
  readonly #name: ProcedureName
  readonly #call: Frame
  readonly #plan: StreamPlan
  readonly #wires: StreamWires
  #isOver = false

  constructor(name: ProcedureName, call: Frame, plan: StreamPlan, wires: StreamWires) {
    this.#name = name
    this.#call = call
    this.#plan = plan
    this.#wires = wires
  }

  /** Begins to send what there is to send. */
  start() {
    if (this.#plan.direction === 'download') this.#send(this.#plan.chunks[Symbol.iterator]())
  }

  #send(chunks: Iterator<Uint8Array>) {
    while (!this.#isOver) {
      const { value, done } = chunks.next()
      if (done) {
        this.#wires.send(this.#header('continue', 0))
        return
      }
      if (value.length === 0) continue
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
      if (!this.#wires.send(this.#header('continue', bytes.length), bytes)) {
        this.#wires.whenDrained(() => this.#send(chunks))
        return
      }
    }
  }

  #header(status: keyof typeof frameStatus, payloadBytes = 0): Buffer {
    return encodeStreamHeader(this.#name, this.#call.serial, status, payloadBytes)
  }

  /** A packet of the client's: data, its end, or its giving up. */
  receive(frame: Frame) {
    if (this.#isOver) return
    try {
      if (frame.status === frameStatus.continue) {
        if (this.#plan.direction === 'upload') this.#plan.receive(frame.payload)
        return
      }
      if (frame.status === frameStatus.ok && this.#plan.direction === 'upload') this.#plan.finish()
      this.#end(this.#header('ok'))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const { code, domain, message } = error
      this.#end(encodeError(frame, { code, domain, message }))
    }
  }

  #end(last: Buffer) {
    this.cut()
    this.#wires.send(last)
    this.#wires.onEnd()
  }

  /** The connection is gone. */
  cut() {
    this.#isOver = true
  }
}
