export interface KeepaliveOptions {
  intervalMs: number
  /** The connection is lost after this many intervals without a byte from the daemon. */
  misses: number
}

interface Line {
  /** Nothing is read at the moment, so silence means nothing. */
  isPaused: () => boolean
  ping: () => void
  giveUp: (silentMs: number) => void
}

/** Asks at intervals whether the other side is there. Anything heard from it counts as an answer. */
export class Keepalive {
  readonly #timer: NodeJS.Timeout
  #missed = 0

  constructor({ intervalMs, misses }: KeepaliveOptions, line: Line) {
    this.#timer = setInterval(() => {
      if (line.isPaused()) return
      if (this.#missed >= misses) {
        line.giveUp(intervalMs * misses)
        return
      }
      this.#missed++
      line.ping()
    }, intervalMs)
    this.#timer.unref()
  }

  hear() {
    this.#missed = 0
  }

  stop() {
    clearInterval(this.#timer)
  }
}
