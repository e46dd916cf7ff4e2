import { setTimeout as delay } from 'node:timers/promises'
import type { Host } from '../host.ts'
import type { LibvirtEvent } from '../protocol.ts'

/** Keeps what a host hears. */
export class EventLog {
  events: LibvirtEvent[] = []

  constructor(host: Host) {
    host.on('event', (event) => this.events.push(event))
  }

  clear() {
    this.events = []
  }

  /** Waits until an event matches; rejects after five seconds with what came instead. */
  async until(matches: (event: LibvirtEvent) => boolean): Promise<void> {
    for (let attempt = 0; attempt < 250; attempt++) {
      if (this.events.some(matches)) return
      await delay(20)
    }
    throw new Error(`the event did not come, only: ${this.events.map(({ name }) => name).join(', ') || 'nothing'}`)
  }

  /** Waits until a domain's lifecycle event has come. */
  untilLifecycle(event: number): Promise<void> {
    return this.until((one) => one.name === 'domainLifecycle' && one.body.event === event)
  }
}
