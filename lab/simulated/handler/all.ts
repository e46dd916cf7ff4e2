import { connectHandlers } from './connect.ts'
import { domainHandlers } from './domain.ts'
import { editHandlers } from './edit.ts'
import { eventHandlers } from './event.ts'
import { guestHandlers } from './guest.ts'
import type { Handlers } from './handler.ts'
import { migrationHandlers } from './migration.ts'
import { networkHandlers } from './network.ts'
import { storageHandlers } from './storage.ts'

/** Every procedure that a simulated host answers. */
export const handlers: Handlers = {
  ...connectHandlers,
  ...domainHandlers,
  ...editHandlers,
  ...guestHandlers,
  ...migrationHandlers,
  ...storageHandlers,
  ...networkHandlers,
  ...eventHandlers,
}
