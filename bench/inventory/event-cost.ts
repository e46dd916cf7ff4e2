import { setTimeout as delay } from 'node:timers/promises'
import type { Daemon } from '#server/libvirt/testing/daemon.ts'
import type { ChangeFeed } from '#server/live/change-feed.ts'
import type { LiveHub } from '#server/live/live-hub.ts'
import type { LiveBatch } from '#server/schema/live.ts'
import { domainName, testUri } from './many-domains.ts'

/** Milliseconds after libvirt told of the change. */
export interface EventCost {
  /** The row was committed and its notice had come */
  noticeMs: number
  /** The batch with the row was handed to the browsers' streams */
  batchMs: number
  /** From before virsh was started, which takes most of it, to the batch */
  fromVirshMs: number
}

/** When something is first true after it was armed. */
class Moment {
  at: number | undefined
  note() {
    this.at ??= performance.now()
  }
}

async function until(condition: () => boolean, what: string) {
  const deadline = performance.now() + 10_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`${what} did not come within 10 s`)
    await delay(1)
  }
}

/**
 * Suspends VMs by virsh, one after the other, and follows each to the streams. Libvirt's own event, which the keeper's
 * connection hears beside the inventory's, is where time begins: virsh itself takes longer than all that follows.
 */
export async function measureEvents(options: {
  daemon: Daemon
  keeper: Awaited<ReturnType<Daemon['connect']>>
  feed: ChangeFeed
  hub: LiveHub
  vmIds: ReadonlyMap<string, string>
  /** Of the VMs to suspend; none may be suspended already */
  first: number
  count: number
}): Promise<EventCost[]> {
  const { daemon, keeper, feed, hub, vmIds, first, count } = options
  const costs: EventCost[] = []
  for (let index = first, done = 0; done < count; index++) {
    if (index % 10 === 9) continue // is off
    const id = vmIds.get(domainName(index))
    if (!id) throw new Error(`${domainName(index)} has no row`)
    const [event, notice, batch] = [new Moment(), new Moment(), new Moment()]
    const heard = () => event.note()
    keeper.on('event', heard)
    const unfeed = feed.onChange(({ noun, rows }) => {
      if (noun === 'vm' && rows?.some(([changed]) => changed === id)) notice.note()
    })
    const unsubscribe = hub.subscribe('fleet', (text) => {
      const { vms } = JSON.parse(text) as LiveBatch
      if (vms.some((row) => row.id === id && row.state === 'paused')) batch.note()
    })
    const startedAt = performance.now()
    await daemon.virsh(testUri, 'suspend', domainName(index))
    await until(() => batch.at !== undefined, 'the batch')
    keeper.off('event', heard)
    unfeed()
    unsubscribe()
    if (event.at === undefined || notice.at === undefined || batch.at === undefined)
      throw new Error('a moment is missing')
    costs.push({ noticeMs: notice.at - event.at, batchMs: batch.at - event.at, fromVirshMs: batch.at - startedAt })
    done++
    await delay(300)
  }
  return costs
}
