import { CallAborted, CallTimeout, ConnectionLost } from './error.ts'
import type { Frame } from './frame.ts'
import type { ProcedureName } from './protocol.ts'

export interface CallOptions {
  /** Rejects with CallTimeout after this time; without it a call waits until it is answered or the connection ends. */
  timeoutMs?: number | undefined
  /** Rejects with CallAborted when fired. Neither this nor a timeout undoes what the daemon has begun. */
  signal?: AbortSignal | undefined
}

interface PendingCall {
  readonly name: ProcedureName
  readonly answer: (frame: Frame) => void
  readonly reject: (error: Error) => void
}

/** The calls of one connection that the daemon has not answered yet. */
export class PendingCalls {
  readonly #waiting = new Map<number, PendingCall>()
  /** Calls given up by their caller that still occupy the daemon. */
  readonly #abandoned = new Set<number>()
  readonly #onGiveUp: (serial: number) => void

  /** `onGiveUp` is told when a caller stops waiting for an answer. */
  constructor(onGiveUp: (serial: number) => void) {
    this.#onGiveUp = onGiveUp
  }

  get unansweredCount(): number {
    return this.#waiting.size + this.#abandoned.size
  }

  get abandonedCount(): number {
    return this.#abandoned.size
  }

  isWaiting(serial: number): boolean {
    return this.#waiting.has(serial)
  }

  /** Waits for the answer to a call that is being sent. */
  wait(serial: number, name: ProcedureName, { timeoutMs, signal }: CallOptions): Promise<Frame> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      }
      const giveUp = (error: Error) => {
        settle()
        this.#waiting.delete(serial)
        this.#abandoned.add(serial)
        this.#onGiveUp(serial)
        reject(error)
      }
      const onAbort = () => giveUp(new CallAborted(`${name} was given up`, true, name, signal?.reason))
      const onTimeout = () => giveUp(new CallTimeout(`${name} was not answered in ${timeoutMs} ms`, true, name))
      const timer = timeoutMs === undefined ? undefined : setTimeout(onTimeout, timeoutMs)
      signal?.addEventListener('abort', onAbort)
      const answer = (frame: Frame) => {
        settle()
        resolve(frame)
      }
      const fail = (error: Error) => {
        settle()
        reject(error)
      }
      this.#waiting.set(serial, { name, answer, reject: fail })
    })
  }

  /** Takes the call that an answer belongs to out of the waiting ones; 'late' when its caller had given up. */
  take(serial: number): PendingCall | 'late' | undefined {
    const call = this.#waiting.get(serial)
    if (call === undefined) return this.#abandoned.delete(serial) ? 'late' : undefined
    this.#waiting.delete(serial)
    return call
  }

  /** No answer will come any more. */
  rejectAll(reason: string, cause: unknown) {
    const calls = [...this.#waiting.values()]
    this.#waiting.clear()
    this.#abandoned.clear()
    for (const { name, reject } of calls) reject(new ConnectionLost(`${name}: ${reason}`, true, name, cause))
  }
}
