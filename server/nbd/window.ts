import type { CallLimit } from './call-limit.ts'
import type { NbdError } from './error.ts'

export interface WindowSize {
  requests: number
  bytes: number
}

interface Waiting {
  weightBytes: number
  enter: () => void
  fail: (error: NbdError) => void
}

/** Lets in so many requests and bytes at once and the others wait in order. What is larger than all of it goes alone. */
export class RequestWindow {
  readonly #size: WindowSize
  readonly #queue: Waiting[] = []
  #requests = 0
  #bytes = 0
  #closed: NbdError | undefined

  constructor(size: WindowSize) {
    this.#size = size
  }

  get requests(): number {
    return this.#requests
  }

  get bytes(): number {
    return this.#bytes
  }

  get waiting(): number {
    return this.#queue.length
  }

  /** Resolves when there is room, which `leave` with the same weight gives back. */
  enter(weightBytes: number, limit?: CallLimit): Promise<void> {
    return new Promise((resolve, reject) => {
      const failure = this.#closed?.for(limit?.doing ?? this.#closed.doing) ?? limit?.error
      if (failure) return reject(failure)
      const stopListening = limit?.onGiveUp((error) => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1)
        reject(error)
        this.#advance()
      })
      const waiting: Waiting = {
        weightBytes,
        enter: () => {
          stopListening?.()
          resolve()
        },
        fail: (error) => {
          stopListening?.()
          reject(limit ? error.for(limit.doing) : error)
        },
      }
      this.#queue.push(waiting)
      this.#advance()
    })
  }

  leave(weightBytes: number): void {
    this.#requests--
    this.#bytes -= weightBytes
    this.#advance()
  }

  /** Nobody comes in any more; all that wait are told `error`. */
  close(error: NbdError): void {
    this.#closed ??= error
    for (const { fail } of this.#queue.splice(0)) fail(error)
  }

  #advance() {
    for (;;) {
      const next = this.#queue[0]
      if (!next || this.#requests >= this.#size.requests) return
      if (this.#requests > 0 && this.#bytes + next.weightBytes > this.#size.bytes) return
      this.#queue.shift()
      this.#requests++
      this.#bytes += next.weightBytes
      next.enter()
    }
  }
}
