import { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import type { SiteCapacity, SiteInput } from '#server/schema/site.ts'
import { slug } from './slug.ts'

const nameTaken = (name: string) => conflict(`There is a site named ${name} already.`, 'Choose another name.')

async function refuseDoubleName<T>(name: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002') throw nameTaken(name)
    throw error
  }
}

export const createSite = (tx: Tx, input: SiteInput) =>
  refuseDoubleName(input.name, () => tx.site.create({ data: { ...input, slug: slug(input.name) || input.name } }))

export const updateSite = (tx: Tx, id: string, input: SiteInput) =>
  refuseDoubleName(input.name, () =>
    tx.site.update({ where: { id }, data: { ...input, slug: slug(input.name) || input.name } }),
  )

/** @throws conflict while the site has hosts */
export async function deleteSite(tx: Tx, id: string) {
  const hosts = await tx.host.findMany({ where: { siteId: id }, select: { name: true }, take: 5 })
  if (hosts.length > 0) {
    throw conflict(`The site still has hosts: ${hosts.map((host) => host.name).join(', ')}.`, 'Remove its hosts first.')
  }
  return tx.site.delete({ where: { id } })
}

/** Of the hosts that are connected: what an unreachable host has can't be used. */
export const readCapacities = (tx: Tx) =>
  tx.$queryRaw<SiteCapacity[]>`
    WITH promised AS (
      SELECT host_id, sum(vcpu_count) AS vcpus, sum(memory_bytes) AS memory FROM vm
      WHERE state IN ('running', 'paused', 'shutting_down', 'unknown') AND missing_since IS NULL GROUP BY host_id
    )
    SELECT site_id::text AS "siteId", sum(cpu_count)::int AS cpus,
      coalesce(sum(cpu_usage * cpu_count), 0)::float8 AS "cpusUsed", max(cpu_full_since) AS "cpuFullSince",
      coalesce(sum(promised.vcpus), 0)::int AS "vcpusPromised", sum(memory_bytes)::float8 AS "memoryBytes",
      sum(memory_bytes - memory_free_bytes)::float8 AS "memoryUsedBytes",
      coalesce(sum(promised.memory), 0)::float8 AS "memoryPromisedBytes"
    FROM host LEFT JOIN promised ON promised.host_id = host.id
    WHERE host.state = 'connected' GROUP BY site_id`
