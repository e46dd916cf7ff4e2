import { setTimeout as sleep } from 'node:timers/promises'

/** Thrown inside a step whose operation somebody cancelled. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled'
}

/** Waits. @throws Cancelled as soon as the signal fires */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) throw new Cancelled()
  try {
    await sleep(ms, undefined, signal ? { signal } : {})
  } catch (error) {
    if (signal?.aborted) throw new Cancelled()
    throw error
  }
}

/**
 * Asks again every `everyMs` until `ask` gives something.
 * @returns null when that did not happen within `timeoutMs`
 * @throws Cancelled when the signal fires
 */
export async function until<T>(
  ask: () => Promise<T | null | undefined | false>,
  options: { timeoutMs: number; everyMs?: number; signal?: AbortSignal },
): Promise<T | null> {
  const deadline = Date.now() + options.timeoutMs
  while (true) {
    const answer = await ask()
    if (answer) return answer
    if (Date.now() >= deadline) return null
    await pause(options.everyMs ?? 250, options.signal)
  }
}
