import { SkerryError } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import { until } from './pause.ts'

/** libvirt reads no pool again while it makes a volume in it, and says so with an error of no kind. So long is waited. */
const waitMs = 10_000

/** Has libvirt look at what lies in its active pools now. @returns the pools that it did not look into */
export async function readPoolsAgain(host: HypervisorHost): Promise<string[]> {
  const pools = (await host.listStoragePools()).filter(({ active }) => active)
  const read = await Promise.all(pools.map(({ name }) => readAgain(host, name)))
  return pools.flatMap(({ name }, index) => (read[index] ? [] : [name]))
}

async function readAgain(host: HypervisorHost, pool: string): Promise<boolean> {
  const read = () =>
    host.refreshPool(pool).then(
      () => 'read' as const,
      (error: unknown) => (error instanceof SkerryError && error.code === 'unavailable' ? null : ('refused' as const)),
    )
  return (await until(read, { timeoutMs: waitMs, everyMs: 500 })) === 'read'
}
