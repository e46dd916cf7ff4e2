import { openConnection } from '../../libvirt/connect.ts'
import { CallQueue } from '../../libvirt/queue.ts'
import type { RpcConnection } from '../../libvirt/rpc.ts'
import type { CallOptions, HypervisorDriver } from '../driver.ts'
import { routeTo } from './address.ts'
import { explainConnection } from './connection-error.ts'
import { openHost } from './host.ts'
import { hostVerbs, versionText } from './read-host.ts'
import { type Calls, Session } from './session.ts'

/** The oldest libvirt whose migrations, backups and events do all that Skerry needs. */
const oldestVersion = 7_000_000n
const knownHypervisors = ['QEMU', 'TEST', 'SIMULATED']

/** The calls of a single connection, of which nothing lasts. */
function callsOf(connection: RpcConnection): Calls {
  const queue = new CallQueue(connection, 4)
  return {
    call: (name, args, options) => queue.call(name, args, options),
    job: (name, args, options) => queue.call(name, args, options),
    openStream: (name, args, options) => connection.openStream(name, args, options),
    openBulk: async () => ({ call: (name, args, options) => queue.call(name, args, options), close: () => {} }),
  }
}

export const libvirtDriver: HypervisorDriver = {
  open: openHost,

  async test(address, options = {}) {
    const { transport, uri, label, dispose } = routeTo(address)
    const { timeoutMs = 10_000, signal } = options
    try {
      const connection = await openConnection(transport, { uri, timeoutMs, signal }).catch((error: unknown) => {
        throw explainConnection(error, label)
      })
      try {
        const session = new Session(callsOf(connection), label)
        await checkHypervisor(session, { timeoutMs, signal })
        return await hostVerbs(session).facts({ timeoutMs, signal })
      } finally {
        connection.close()
      }
    } finally {
      await transport.close()
      dispose()
    }
  },
}

async function checkHypervisor(session: Session, options: CallOptions): Promise<void> {
  const step = 'read what the host is'
  const { type } = await session.read(step, 'connectGetType', {}, options)
  if (!knownHypervisors.includes(type)) {
    throw session.refuse(
      'unsupported',
      'run VMs',
      `its hypervisor is ${type}, not QEMU`,
      'Give the address of a QEMU host.',
    )
  }
  const { version } = await session.read(step, 'connectGetLibVersion', {}, options)
  if (version >= oldestVersion) return
  const wayOut = `Update libvirt there to ${versionText(oldestVersion)} or newer.`
  throw session.refuse('unsupported', 'run VMs', `its libvirt ${versionText(version)} is too old`, wayOut)
}
