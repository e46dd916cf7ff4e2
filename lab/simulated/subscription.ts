import { encodeEvent } from '#server/libvirt/message.ts'
import { type EventName, events, type ServedEventBody } from '#server/libvirt/protocol.ts'
import type { Caller, EventSubscription } from './handler/handler.ts'
import type { EventContent } from './model/host.ts'
import { Refusal } from './refusal.ts'

type Source = Parameters<Caller['subscribe']>[0]

const nameByEvent = new Map(
  Object.entries(events).map(([name, { source, eventId }]) => [`${source}/${eventId}`, name as EventName]),
)

/** What a connection wants to hear of. */
export class Subscriptions {
  readonly #byName = new Map<EventName, Map<number, string | undefined>>()
  #nextId = 0

  /** @returns the number that its events carry. @throws Refusal for an event that does not exist */
  add(source: Source | 'connection', { eventId, uuid }: EventSubscription): number {
    const name = nameByEvent.get(`${source}/${eventId}`)
    if (!name) throw new Refusal('invalidArgument', `unsupported event ID ${eventId}`, 'event')
    const byId = this.#byName.get(name) ?? new Map<number, string | undefined>()
    this.#byName.set(name, byId)
    byId.set(this.#nextId, uuid)
    return this.#nextId++
  }

  /** @throws Refusal when there is no such subscription */
  remove(callbackId: number) {
    for (const byId of this.#byName.values()) if (byId.delete(callbackId)) return
    throw new Refusal('internalError', `internal error: domain event callback ${callbackId} not registered`, 'event')
  }

  /** The frames that tell of an event, one for each subscription to it; `uuid` is the object's, where it has one. */
  frames<N extends EventName>(name: N, content: EventContent<N>, uuid: string | undefined): Buffer[] {
    const byId = this.#byName.get(name)
    if (!byId) return []
    return [...byId]
      .filter(([, wanted]) => wanted === undefined || wanted === uuid)
      .map(([callbackId]) => encodeEvent(name, { ...content, callbackId } as ServedEventBody<N>))
  }
}
