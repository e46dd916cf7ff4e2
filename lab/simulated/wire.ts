import type { Socket } from 'node:net'

/** What goes wrong between a host and its clients; shared by all of a host's connections. */
export interface Faults {
  /** Nothing is read and nothing is sent, and the connections stay open. */
  isFrozen: boolean
  /** Everything that is sent arrives this much later. */
  delayMs: number
}

/** The way back to a client, with the host's faults in it. */
export class Wire {
  readonly #socket: Socket
  readonly #faults: Faults
  #held: Buffer[] = []

  constructor(socket: Socket, faults: Faults) {
    this.#socket = socket
    this.#faults = faults
    if (faults.isFrozen) socket.pause()
  }

  get isFrozen(): boolean {
    return this.#faults.isFrozen
  }

  /** False asks to wait for `whenDrained`. */
  send(...buffers: Buffer[]): boolean {
    if (this.#faults.isFrozen) {
      this.#held.push(...buffers)
      return false
    }
    if (this.#faults.delayMs > 0) {
      setTimeout(() => this.#write(buffers), this.#faults.delayMs)
      return true
    }
    return this.#write(buffers)
  }

  #write(buffers: readonly Buffer[]): boolean {
    if (this.#socket.destroyed || this.#socket.writableEnded) return true
    this.#socket.cork()
    let hasRoom = true
    for (const buffer of buffers) hasRoom = this.#socket.write(buffer)
    this.#socket.uncork()
    return hasRoom
  }

  whenDrained(then: () => void) {
    this.#socket.once('drain', then)
  }

  /** Reads on, unless the host is frozen. */
  resume() {
    if (!this.#faults.isFrozen) this.#socket.resume()
  }

  /** The host froze or went on. */
  applyFreeze() {
    if (this.#faults.isFrozen) {
      this.#socket.pause()
      return
    }
    const held = this.#held
    this.#held = []
    this.#write(held)
    this.#socket.resume()
    if (!this.#socket.writableNeedDrain) this.#socket.emit('drain')
  }

  /** Ends the connection at once. */
  cut() {
    this.#socket.destroy()
  }
}
