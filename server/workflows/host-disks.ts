import { GivenUp, unavailable } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import { NbdError, type NbdErrorCode } from '#server/nbd/error.ts'

/** The way to the disks is gone, which may pass; QEMU has answered nothing then. */
const lost: readonly NbdErrorCode[] = ['unreachable', 'tls', 'timeout', 'closed', 'protocol', 'shutting-down']

/**
 * Reads or writes disks that a host offers, and tells what goes wrong with that in our words.
 * @throws unavailable naming the host; what was aborted is told as it is
 */
export async function withDisksOf<T>({ address }: Pick<HypervisorHost, 'address'>, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof NbdError) || error.code === 'aborted') throw error
    const name = address.name ?? 'the host'
    const detail = { detail: error.message, cause: error }
    if (lost.includes(error.code)) {
      const message = `The connection to the disks on ${name} broke off.`
      throw unavailable(message, { ...detail, wayOut: 'Try again when the host is back.' })
    }
    const why = error.code === 'no-space' ? 'its storage is full' : 'its storage has failed'
    const message = `${name} could not read or write a disk: ${why}.`
    throw new GivenUp('unavailable', message, { ...detail, wayOut: 'Look at the storage of the host, then try again.' })
  }
}
