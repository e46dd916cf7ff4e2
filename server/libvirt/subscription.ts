import { errorCode, LibvirtError } from './error.ts'
import type { EventSource } from './protocol/event.ts'
import { type EventName, events } from './protocol.ts'
import type { CallQueue, QueuedCallOptions } from './queue.ts'

/** Codes with which a daemon says that it, or its driver, has no such event. */
const absentCodes: readonly number[] = [
  errorCode.noSupport,
  errorCode.invalidArgument,
  errorCode.argumentUnsupported,
  errorCode.operationUnsupported,
]

async function register(calls: CallQueue, source: EventSource, eventId: number, options: QueuedCallOptions) {
  if (source === 'domain') await calls.call('connectDomainEventCallbackRegisterAny', { eventId }, options)
  else if (source === 'network') await calls.call('connectNetworkEventRegisterAny', { eventId }, options)
  else if (source === 'storagePool') await calls.call('connectStoragePoolEventRegisterAny', { eventId }, options)
  else if (source === 'nodeDevice') await calls.call('connectNodeDeviceEventRegisterAny', { eventId }, options)
  else await calls.call('connectRegisterCloseCallback', {}, options)
}

/**
 * Subscribes to events about every object. Gives the names of those that this daemon or driver does not have; any other
 * failure rejects.
 */
export async function subscribe(
  calls: CallQueue,
  names: readonly EventName[],
  options: QueuedCallOptions,
): Promise<EventName[]> {
  const outcomes = await Promise.all(
    names.map(async (name) => {
      try {
        await register(calls, events[name].source, events[name].eventId, options)
        return []
      } catch (error) {
        if (!(error instanceof LibvirtError)) throw error
        if (!error.isUnknownProcedure && !absentCodes.includes(error.code)) throw error
        return [name]
      }
    }),
  )
  return outcomes.flat()
}
