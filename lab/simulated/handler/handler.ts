import type { ProcedureName, ServedArgs, ServedResult } from '#server/libvirt/protocol.ts'
import type { Host } from '../model/host.ts'

/** Bytes that follow the answer of a call that opens a stream. */
export type StreamPlan =
  | { direction: 'download'; chunks: Iterable<Uint8Array> }
  /** `receive` gets each packet, `finish` comes after the last. Both may throw a Refusal. */
  | { direction: 'upload'; receive: (chunk: Buffer) => void; finish: () => void }

export type EventSubscription = { eventId: number; uuid: string | undefined }

/** Who calls, and what they may do beyond asking the host. */
export interface Caller {
  readonly host: Host
  /** Begins once the answer is sent. */
  openStream(plan: StreamPlan): void
  /** @returns the number that its events carry. @throws Refusal for an event that does not exist */
  subscribe(source: 'domain' | 'network' | 'storagePool' | 'nodeDevice', subscription: EventSubscription): number
  subscribeClose(): void
  unsubscribe(callbackId: number): void
  /** Pings from now on. */
  startKeepalive(): void
  /** The VM goes when the connection does. */
  bindVm(uuid: string): void
  /** Ends the connection once the answer is sent. */
  close(): void
}

export type Handler<N extends ProcedureName> = (
  args: ServedArgs<N>,
  caller: Caller,
) => ServedResult<N> | Promise<ServedResult<N>>
export type Handlers = { readonly [N in ProcedureName]?: Handler<N> }
