import { GivenUp } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import { Cancelled } from './pause.ts'

/** A host did not become reachable within the time a step may wait for it. */
export class HostUnreachable extends GivenUp {
  constructor(name: string, reason: string, more: { wayOut?: string; detail?: string } = {}) {
    super('unavailable', `The host ${name} can't be reached: ${reason}`, {
      wayOut: 'Try again when the host is back.',
      ...more,
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
      const { wayOut, detail } = now.state === 'unreachable' ? now : {}
      const more = { ...(wayOut ? { wayOut } : {}), ...(detail ? { detail } : {}) }
      finish(() => reject(new HostUnreachable(name, reason, more)))
    }, waitMs)
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort)
    unsubscribe = host.onConnection((state) => {
      if (state.state === 'connected') finish(resolve)
    })
  })
}
