import { CallAborted, CallTimeout, ConnectionLost } from './error.ts'
import type { CallOptions } from './pending-call.ts'
import type { CallArgs, CallResult, ProcedureName } from './protocol.ts'
import type { RpcConnection } from './rpc.ts'

export interface QueuedCallOptions extends CallOptions {
  /** Goes before what already waits: for a cancel, which others may be waiting for. */
  urgent?: boolean | undefined
}

interface Waiting {
  readonly start: () => void
  readonly reject: (error: Error) => void
}

/**
 * Keeps at most `limit` calls of a connection unanswered and lets the others wait their turn. A call that its caller
 * gave up keeps its place until the daemon answers it, because the daemon is still busy with it. Those that wait leave
 * together once no more than `refillAt` are unanswered: a call written alone costs as much as many in one go.
 */
export class CallQueue {
  readonly #connection: RpcConnection
  readonly #limit: number
  readonly #refillAt: number
  readonly #waiting: Waiting[] = []

  constructor(connection: RpcConnection, limit: number, refillAt = limit - 1) {
    this.#connection = connection
    this.#limit = limit
    this.#refillAt = refillAt
    connection.on('answered', () => this.#advance())
    connection.on('closed', (lost) => {
      for (const { reject } of this.#waiting.splice(0)) reject(new ConnectionLost(lost.message, false))
    })
  }

  get waitingCount(): number {
    return this.#waiting.length
  }

  /** Nothing can be sent, because every call that the daemon holds was given up by its caller. */
  get isStuck(): boolean {
    return this.#connection.abandonedCount >= this.#limit
  }

  /** As `RpcConnection.call`; the time limit includes the waiting. */
  call<N extends ProcedureName>(name: N, args: CallArgs<N>, options: QueuedCallOptions = {}): Promise<CallResult<N>> {
    const { timeoutMs, signal } = options
    const startedAt = performance.now()
    const send = () => {
      const leftMs = timeoutMs === undefined ? undefined : Math.max(1, timeoutMs - (performance.now() - startedAt))
      return this.#connection.call(name, args, { timeoutMs: leftMs, signal })
    }
    const isFull = this.#waiting.length > 0 || this.#connection.unansweredCount >= this.#limit
    const mustWait = this.#connection.isOpen && isFull
    return mustWait && !signal?.aborted ? this.#turn(name, options, send) : send()
  }

  #turn<T>(name: ProcedureName, { timeoutMs, signal, urgent }: QueuedCallOptions, send: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      }
      const waiting: Waiting = {
        start: () => {
          settle()
          resolve(send())
        },
        reject: (error) => {
          settle()
          reject(error)
        },
      }
      const leave = (error: Error) => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
        waiting.reject(error)
      }
      const onAbort = () => leave(new CallAborted(`${name} was given up`, false, name, signal?.reason))
      const onTimeout = () => leave(new CallTimeout(`${name} found no turn in ${timeoutMs} ms`, false, name))
      const timer = timeoutMs === undefined ? undefined : setTimeout(onTimeout, timeoutMs)
      signal?.addEventListener('abort', onAbort)
      if (urgent) this.#waiting.unshift(waiting)
      else this.#waiting.push(waiting)
    })
  }

  #advance() {
    if (this.#connection.unansweredCount > this.#refillAt) return
    while (this.#connection.unansweredCount < this.#limit && this.#waiting.length > 0) this.#waiting.shift()?.start()
  }
}
