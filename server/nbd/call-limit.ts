import { NbdError } from './error.ts'

export interface CallOptions {
  /** Rejects with `timeout` after this time. */
  timeoutMs?: number | undefined
  /** Rejects with `aborted` when fired. Neither this nor a timeout undoes what the server has begun. */
  signal?: AbortSignal | undefined
}

export const usualTimeoutMs = 30_000

/** How long a call may last and who may end it: tells everyone who waits within it, once. */
export class CallLimit {
  readonly doing: string
  readonly #timer: NodeJS.Timeout
  readonly #signal: AbortSignal | undefined
  readonly #listeners = new Set<(error: NbdError) => void>()
  #error: NbdError | undefined

  constructor(doing: string, { timeoutMs = usualTimeoutMs, signal }: CallOptions = {}) {
    this.doing = doing
    this.#signal = signal
    const onTimeout = () => this.#giveUp(new NbdError('timeout', doing, `no answer in ${timeoutMs} ms`))
    this.#timer = setTimeout(onTimeout, timeoutMs)
    signal?.addEventListener('abort', this.#onAbort)
    if (signal?.aborted) this.#onAbort()
  }

  /** Why the call was given up, once it was. */
  get error(): NbdError | undefined {
    return this.#error
  }

  /** Returns the unsubscribe. */
  onGiveUp(listener: (error: NbdError) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The call has ended. */
  clear(): void {
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#listeners.clear()
  }

  readonly #onAbort = () => this.#giveUp(new NbdError('aborted', this.doing, 'it was given up', this.#signal?.reason))

  #giveUp(error: NbdError) {
    if (this.#error) return
    this.#error = error
    const listeners = [...this.#listeners]
    this.clear()
    for (const listener of listeners) listener(error)
  }
}

/** Runs `work` within a limit that ends with it. */
export async function limited<T>(
  doing: string,
  options: CallOptions,
  work: (limit: CallLimit) => Promise<T>,
): Promise<T> {
  const limit = new CallLimit(doing, options)
  try {
    if (limit.error) throw limit.error
    return await work(limit)
  } finally {
    limit.clear()
  }
}
