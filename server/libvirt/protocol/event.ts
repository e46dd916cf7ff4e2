import {
  type Codec,
  int,
  list,
  nullable,
  type StructDecoded,
  type StructEncodable,
  struct,
  text,
  uhyper,
  uint,
} from '../xdr.ts'
import { nodeDevice as device, domain, network, optionalText, storagePool as pool, procedure } from './shape.ts'
import { typedParams } from './typed-param.ts'

/** What an event is about, and so which call subscribes to it. */
export type EventSource = 'domain' | 'network' | 'storagePool' | 'nodeDevice' | 'connection'

export interface EventShape<Out, In> {
  /** The number under which the daemon sends it. */
  readonly number: number
  readonly source: EventSource
  /** The number under which a client subscribes to it. */
  readonly eventId: number
  readonly body: Codec<Out, In>
}

const event = <const F extends Record<string, Codec<unknown, never>>>(
  number: number,
  source: EventSource,
  eventId: number,
  fields: F,
): EventShape<StructDecoded<F>, StructEncodable<F>> => ({ number, source, eventId, body: struct(fields) })

const id = { callbackId: int }
const on = { ...id, domain }
const endpoint = struct({ family: int, node: text, service: text })
const identity = struct({ type: text, name: text })

/** One line an event: number on the wire, what it is about, number to subscribe to, fields. */
export const events = {
  domainLifecycle: event(318, 'domain', 0, { ...on, event: int, detail: int }),
  domainReboot: event(319, 'domain', 1, on),
  domainWatchdog: event(321, 'domain', 3, { ...on, action: int }),
  domainGraphics: event(323, 'domain', 5, {
    ...on,
    phase: int,
    local: endpoint,
    remote: endpoint,
    authScheme: text,
    subject: list(identity, 20),
  }),
  domainIoError: event(324, 'domain', 6, { ...on, path: text, alias: text, action: int, reason: text }),
  domainControlError: event(325, 'domain', 7, on),
  /** Names the disk by path; `domainBlockJob2` by target, which stays the same while the chain changes. */
  domainBlockJob: event(326, 'domain', 8, { ...on, path: text, type: int, status: int }),
  domainDiskChange: event(327, 'domain', 9, {
    ...on,
    oldPath: optionalText,
    newPath: optionalText,
    alias: text,
    reason: int,
  }),
  domainTrayChange: event(328, 'domain', 10, { ...on, alias: text, reason: int }),
  domainPmWakeup: event(329, 'domain', 11, { ...id, reason: int, domain }),
  domainPmSuspend: event(330, 'domain', 12, { ...id, reason: int, domain }),
  domainBalloonChange: event(331, 'domain', 13, { ...on, actualKiB: uhyper }),
  domainPmSuspendDisk: event(332, 'domain', 14, { ...id, reason: int, domain }),
  domainDeviceRemoved: event(333, 'domain', 15, { ...on, alias: text }),
  domainBlockJob2: event(339, 'domain', 16, { ...on, target: text, type: int, status: int }),
  domainTunable: event(346, 'domain', 17, { ...on, params: typedParams }),
  domainAgentLifecycle: event(348, 'domain', 18, { ...on, state: int, reason: int }),
  domainDeviceAdded: event(354, 'domain', 19, { ...on, alias: text }),
  domainMigrationIteration: event(359, 'domain', 20, { ...on, iteration: int }),
  domainJobCompleted: event(363, 'domain', 21, { ...on, params: typedParams }),
  domainDeviceRemovalFailed: event(367, 'domain', 22, { ...on, alias: text }),
  domainMetadataChange: event(379, 'domain', 23, { ...on, type: int, uri: optionalText }),
  domainBlockThreshold: event(385, 'domain', 24, {
    ...on,
    device: text,
    path: optionalText,
    thresholdBytes: uhyper,
    excessBytes: uhyper,
  }),
  domainMemoryFailure: event(423, 'domain', 25, { ...on, recipient: int, action: int, flags: uint }),

  networkLifecycle: event(315, 'network', 0, { ...id, network, event: int, detail: int }),
  storagePoolLifecycle: event(370, 'storagePool', 0, { ...id, pool, event: int, detail: int }),
  storagePoolRefresh: event(373, 'storagePool', 1, { ...id, pool }),
  nodeDeviceLifecycle: event(376, 'nodeDevice', 0, { ...id, device, event: int, detail: int }),
  nodeDeviceUpdate: event(377, 'nodeDevice', 1, { ...id, device }),

  /** The daemon lost its hypervisor. */
  connectionClosed: event(362, 'connection', 0, { reason: int }),
}

const subscribed = { callbackId: int }

/** Subscribing to events; without an object the subscription is to all of them. */
export const eventProcedures = {
  connectDomainEventCallbackRegisterAny: procedure(316, { eventId: int, domain: nullable(domain) }, subscribed),
  connectDomainEventCallbackDeregisterAny: procedure(317, { callbackId: int }),
  connectNetworkEventRegisterAny: procedure(313, { eventId: int, network: nullable(network) }, subscribed),
  connectNetworkEventDeregisterAny: procedure(314, { callbackId: int }),
  connectStoragePoolEventRegisterAny: procedure(368, { eventId: int, pool: nullable(pool) }, subscribed),
  connectStoragePoolEventDeregisterAny: procedure(369, { callbackId: int }),
  connectNodeDeviceEventRegisterAny: procedure(374, { eventId: int, device: nullable(device) }, subscribed),
  connectNodeDeviceEventDeregisterAny: procedure(375, { callbackId: int }),
}
