import { Host, type HostState } from '../../libvirt/host.ts'
import type { ConnectionState, HostAddress, HypervisorHost } from '../driver.ts'
import type { HostEvent } from '../host-event.ts'
import { acceleratorVerbs } from './accelerator.ts'
import { routeTo } from './address.ts'
import { backupVerbs } from './backup.ts'
import { explainConnection } from './connection-error.ts'
import { definitionVerbs } from './definition.ts'
import { deviceVerbs } from './device.ts'
import { diskCopyVerbs } from './disk-copy.ts'
import { readEvent } from './event.ts'
import { guestVerbs } from './guest.ts'
import { migrationVerbs } from './migration.ts'
import { openDisksVerbs } from './open-disks.ts'
import { openPortVerbs } from './open-port.ts'
import { reachSocketVerbs } from './reach-socket.ts'
import { hostVerbs } from './read-host.ts'
import { vmVerbs } from './read-vm.ts'
import { savedMemoryVerbs } from './saved-memory.ts'
import { Session } from './session.ts'
import { snapshotVerbs } from './snapshot.ts'
import { storageVerbs } from './storage.ts'

/** A silent daemon is given up within 6 s. */
const keepalive = { intervalMs: 1500, misses: 3 }
const reconnect = { shortestMs: 250, longestMs: 5000 }
const connectTimeoutMs = 5000

function connectionState(state: HostState, label: string): ConnectionState {
  if (state.status === 'connected') return { state: 'connected' }
  const reason = state.status === 'lost' ? state.reason : state.status === 'connecting' ? state.after : undefined
  if (!reason) return { state: 'connecting' }
  const { message, wayOut, detail } = explainConnection(reason, label)
  const more = { ...(wayOut ? { wayOut } : {}), ...(detail ? { detail } : {}) }
  return { state: 'unreachable', reason: message, ...more }
}

/** Keeps a host connected until closed. @throws invalid for an address that can't be used */
export function openHost(address: HostAddress): HypervisorHost {
  const route = routeTo(address)
  const { transport, uri, label, dispose } = route
  const host = new Host({ transport, uri, keepalive, reconnect, connectTimeoutMs })
  const session = new Session(host, label)
  const eventListeners = new Set<(event: HostEvent) => void>()
  const connectionListeners = new Set<(state: ConnectionState) => void>()
  const current = () => connectionState(host.state, label)
  host.on('event', (event) => {
    const told = readEvent(event)
    if (told) for (const listener of [...eventListeners]) listener(told)
  })
  host.on('state', () => {
    for (const listener of [...connectionListeners]) listener(current())
  })
  host.start()
  return {
    address,
    connection: current,
    onConnection(listener) {
      connectionListeners.add(listener)
      listener(current())
      return () => connectionListeners.delete(listener)
    },
    onEvent(listener) {
      eventListeners.add(listener)
      return () => eventListeners.delete(listener)
    },
    async close() {
      connectionListeners.clear()
      eventListeners.clear()
      await host.close()
      dispose()
    },
    ...hostVerbs(session),
    ...vmVerbs(session),
    ...acceleratorVerbs(session),
    ...definitionVerbs(session),
    ...deviceVerbs(session),
    ...storageVerbs(session),
    ...snapshotVerbs(session),
    ...openDisksVerbs(session),
    ...reachSocketVerbs(route),
    ...openPortVerbs(route),
    ...migrationVerbs(session),
    ...savedMemoryVerbs(session),
    ...backupVerbs(session),
    ...diskCopyVerbs(session),
    ...guestVerbs(session),
  }
}
