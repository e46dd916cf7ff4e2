import { sizeText } from '#server/core/size-text.ts'
import { conflict, SkerryError } from '#server/errors.ts'
import { type HypervisorHost, OutcomeUnknown } from '#server/hypervisor/driver.ts'
import { Cancelled } from './pause.ts'

/** As it is now: libvirt counts what others write only when it looks again. */
async function freeIn(host: HypervisorHost, pool: string): Promise<number> {
  // A pool in which something is written just now does not let itself be read again.
  await host.refreshPool(pool).catch(() => undefined)
  return (await host.listStoragePools()).find(({ name }) => name === pool)?.availableBytes ?? 0
}

/** Less than that is nothing. */
export const nothingLeftBytes = 16 * 2 ** 20

/** @throws conflict where a pool has less left than that */
export async function requireRoom(
  host: HypervisorHost,
  hostName: string,
  pool: string,
  bytes: number,
  wayOut: string,
): Promise<void> {
  const freeBytes = await freeIn(host, pool)
  if (freeBytes >= bytes) return
  throw conflict(
    `Not enough space in ${pool} on ${hostName}: ${sizeText(bytes)} needed, ${sizeText(freeBytes)} are free.`,
    wayOut,
  )
}

/** @throws conflict when a pool has become full, which is then what went wrong */
export async function refuseFull(host: HypervisorHost, hostName: string, pool: string, error?: unknown): Promise<void> {
  const freeBytes = await freeIn(host, pool).catch(() => Number.POSITIVE_INFINITY)
  if (freeBytes > nothingLeftBytes) return
  const { message, detail } = (error ?? {}) as Partial<SkerryError>
  throw new SkerryError('conflict', `${pool} on ${hostName} has become full.`, {
    wayOut: 'Free some space there, then try again.',
    detail: [message, detail].filter(Boolean).join(' '),
    cause: error,
  })
}

/** Does what fills a pool, and says so when that has become full. */
export async function unlessFull<T>(
  host: HypervisorHost,
  hostName: string,
  pool: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Cancelled || error instanceof OutcomeUnknown) throw error
    await refuseFull(host, hostName, pool, error)
    throw error
  }
}
