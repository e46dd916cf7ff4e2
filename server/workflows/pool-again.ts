import { folderKinds } from '#server/core/migration-storage.ts'
import { SkerryError } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import { until } from './pause.ts'

/** libvirt reads no pool again while it makes a volume in it, and says so with an error of no kind. So long is waited. */
const waitMs = 10_000

/**
 * Has libvirt look at what lies in its pools now. One that it could not read it switches off, and knows nothing of its volumes any more.
 * @returns the pools of files that it did not look into
 */
export async function readPoolsAgain(host: HypervisorHost): Promise<string[]> {
  const pools = await host.listStoragePools()
  const read = await Promise.all(
    pools.map(({ name, active, kind }) => (active ? readAgain(host, name) : !folderKinds.has(kind))),
  )
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
