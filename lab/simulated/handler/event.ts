import type { Handlers } from './handler.ts'

/** Subscriptions to events, of one object or of all. */
export const eventHandlers: Handlers = {
  connectDomainEventCallbackRegisterAny: ({ eventId, domain }, caller) => ({
    callbackId: caller.subscribe('domain', { eventId, uuid: domain?.uuid }),
  }),
  connectNetworkEventRegisterAny: ({ eventId, network }, caller) => ({
    callbackId: caller.subscribe('network', { eventId, uuid: network?.uuid }),
  }),
  connectStoragePoolEventRegisterAny: ({ eventId, pool }, caller) => ({
    callbackId: caller.subscribe('storagePool', { eventId, uuid: pool?.uuid }),
  }),
  connectNodeDeviceEventRegisterAny: ({ eventId }, caller) => ({
    callbackId: caller.subscribe('nodeDevice', { eventId, uuid: undefined }),
  }),
  connectDomainEventCallbackDeregisterAny({ callbackId }, caller) {
    caller.unsubscribe(callbackId)
    return {}
  },
  connectNetworkEventDeregisterAny({ callbackId }, caller) {
    caller.unsubscribe(callbackId)
    return {}
  },
  connectStoragePoolEventDeregisterAny({ callbackId }, caller) {
    caller.unsubscribe(callbackId)
    return {}
  },
  connectNodeDeviceEventDeregisterAny({ callbackId }, caller) {
    caller.unsubscribe(callbackId)
    return {}
  },
}
