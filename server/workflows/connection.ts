import { SkerryError } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import { Cancelled } from './pause.ts'

/** A host did not become reachable within the time a step may wait for it. */
export class HostUnreachable extends SkerryError {
  constructor(name: string, reason: string, wayOut?: string) {
    super('unavailable', `The host ${name} can't be reached: ${reason}`, {
      wayOut: wayOut ?? 'Try again when the host is back.',
    })
  }
}

/**
 * Resolves when the host is connected.
 * @throws HostUnreachable after `waitMs`; Cancelled when the signal fires first
 */
export function connected(host: HypervisorHost, name: string, waitMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let unsubscribe: (() => void) | undefined
    const finish = (settle: () => void) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      queueMicrotask(() => unsubscribe?.())
      settle()
    }
    const onAbort = () => finish(() => reject(new Cancelled()))
    const timer = setTimeout(() => {
      const now = host.connection()
      const reason = now.state === 'unreachable' ? now.reason : 'it has not answered yet.'
      const wayOut = now.state === 'unreachable' ? now.wayOut : undefined
      finish(() => reject(new HostUnreachable(name, reason, wayOut)))
    }, waitMs)
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort)
    unsubscribe = host.onConnection((state) => {
      if (state.state === 'connected') finish(resolve)
    })
  })
}
