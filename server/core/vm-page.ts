import { Prisma } from '#prisma/generated/client.ts'
import type { Scope } from '#server/db.ts'
import type { VmSortKey } from '#server/schema/vm.ts'

/** Where a page goes on: the sorted value, as text, and the id of the last row before. */
export interface PagePlace {
  value: string
  id: string
}

export interface PageRequest {
  scope: Scope
  sort: { key: VmSortKey; descending: boolean }
  filter: Prisma.Sql
  /** The filter in two parts: whoever sorts by name then reads no row but those whose name fits */
  namesFirst: { named: Prisma.Sql; rest: Prisma.Sql } | null
  after: PagePlace | null
  /** The last row that may be on the page */
  until: PagePlace | null
  limit: number
}

/** Sorted by a column of `vm` itself, which an index has, alone and behind the tenant. */
const columns = {
  name: [Prisma.sql`vm.name`, Prisma.sql`text`],
  state: [Prisma.sql`vm.state`, Prisma.sql`text`],
  vcpus: [Prisma.sql`vm.vcpu_count`, Prisma.sql`integer`],
  memory: [Prisma.sql`vm.memory_bytes`, Prisma.sql`bigint`],
  disk: [Prisma.sql`vm.disk_bytes`, Prisma.sql`bigint`],
  created: [Prisma.sql`vm.created_at`, Prisma.sql`timestamptz`],
} satisfies Partial<Record<VmSortKey, [Prisma.Sql, Prisma.Sql]>>

/** Sorted by the name of something that has many VMs. */
const places = {
  site: [Prisma.sql`site`, Prisma.sql`vm.site_id`],
  host: [Prisma.sql`host`, Prisma.sql`vm.host_id`],
  tenant: [Prisma.sql`tenant`, Prisma.sql`vm.tenant_id`],
} satisfies Partial<Record<VmSortKey, [Prisma.Sql, Prisma.Sql]>>

/** People of more tenants than this read them as one. */
const mostBranches = 8
const nothing = Prisma.sql`true`

/**
 * Row-level security alone can't lead an index, because its condition is also true for whoever sees the fleet; so a
 * query names the tenants that it is for. Each of them alone has an index in the wanted order.
 */
function tenantConditions(scope: Scope): Prisma.Sql[] {
  if (scope === 'fleet') return [nothing]
  const tenantIds = [...new Set(scope.tenantIds)]
  if (tenantIds.length > mostBranches) return [Prisma.sql`vm.tenant_id = ANY (${tenantIds}::text[])`]
  return tenantIds.map((id) => Prisma.sql`vm.tenant_id = ${id}`)
}

function anyTenant(scope: Scope): Prisma.Sql {
  const conditions = tenantConditions(scope)
  return conditions.length === 1 && conditions[0] ? conditions[0] : Prisma.sql`(${Prisma.join(conditions, ' OR ')})`
}

/**
 * The page's ids in order, as SQL: branches, each of which an index gives in order and none of which gives more than a
 * page, merged. Ids alone, so that an index can tell what a filter of names leaves without a look at the rows. The cost
 * so grows neither with the depth nor with the number of VMs, unless a filter leaves hardly any.
 */
export function vmPageSql(request: PageRequest): Prisma.Sql {
  const direction = request.sort.descending ? Prisma.sql`DESC` : Prisma.sql`ASC`
  const limit = Prisma.sql`LIMIT ${request.limit}`
  const branches = branchesOf(request, direction, limit).map((branch) => Prisma.sql`(${branch})`)
  return Prisma.sql`
    SELECT branch.id::text AS id, branch.key::text AS value FROM (${Prisma.join(branches, ' UNION ALL ')}) AS branch
    WHERE ${notBeyond(request)}
    ORDER BY branch.key ${direction}, branch.id ${direction} ${limit}`
}

function notBeyond({ until, sort: { key, descending } }: PageRequest): Prisma.Sql {
  if (!until) return nothing
  const type =
    key === 'cpu' ? Prisma.sql`float8` : key in places ? Prisma.sql`text` : columns[key as keyof typeof columns][1]
  const within = descending ? Prisma.sql`>=` : Prisma.sql`<=`
  return Prisma.sql`(branch.key, branch.id) ${within} (${until.value}::text::${type}, ${until.id}::uuid)`
}

function branchesOf(request: PageRequest, direction: Prisma.Sql, limit: Prisma.Sql): Prisma.Sql[] {
  const { key } = request.sort
  if (key === 'cpu') return cpuBranches(request, direction, limit)
  if (key === 'site' || key === 'host' || key === 'tenant') return placeBranches(request, key, direction, limit)
  const { scope, filter, after, sort } = request
  const [column, type] = columns[key]
  const beyond = sort.descending ? Prisma.sql`<` : Prisma.sql`>`
  const rest = after
    ? Prisma.sql`(${column}, vm.id) ${beyond} (${after.value}::text::${type}, ${after.id}::uuid)`
    : nothing
  const walk = (tenant: Prisma.Sql, condition: Prisma.Sql) => Prisma.sql`
    SELECT vm.id, ${column} AS key FROM vm WHERE ${tenant} AND ${rest} AND ${condition}
    ORDER BY ${column} ${direction}, vm.id ${direction}`
  const { namesFirst } = request
  return tenantConditions(scope).map((tenant) =>
    namesFirst
      ? Prisma.sql`
          SELECT named.id, named.key FROM (${walk(tenant, namesFirst.named)} OFFSET 0) AS named
          CROSS JOIN LATERAL (SELECT FROM vm WHERE vm.id = named.id AND ${namesFirst.rest} OFFSET 0) AS vm
          ORDER BY named.key ${direction}, named.id ${direction} ${limit}`
      : Prisma.sql`${walk(tenant, filter)} ${limit}`,
  )
}

/** One place after the other, the rest of the one that the page before ended in first. */
function placeBranches(
  request: PageRequest,
  key: keyof typeof places,
  direction: Prisma.Sql,
  limit: Prisma.Sql,
): Prisma.Sql[] {
  const { scope, filter, after, sort } = request
  const [table, reference] = places[key]
  const beyond = sort.descending ? Prisma.sql`<` : Prisma.sql`>`
  const rest = after ? Prisma.sql`vm.id ${beyond} ${after.id}::uuid` : nothing
  // Only tenants that one may see are in the table `tenant`.
  const tenant = key === 'tenant' ? nothing : anyTenant(scope)
  const within = (placeCondition: Prisma.Sql, vmCondition: Prisma.Sql) => Prisma.sql`
    SELECT vm.id, place.name AS key
    FROM (SELECT id, name FROM ${table} WHERE ${placeCondition} ORDER BY name ${direction}) AS place
    CROSS JOIN LATERAL (
      SELECT vm.id FROM vm WHERE ${reference} = place.id AND ${tenant} AND ${vmCondition} AND ${filter}
      ORDER BY vm.id ${direction} ${limit}) AS vm
    ORDER BY place.name ${direction}, vm.id ${direction} ${limit}`
  const branches = after
    ? [within(Prisma.sql`name = ${after.value}`, rest), within(Prisma.sql`name ${beyond} ${after.value}`, nothing)]
    : [within(nothing, nothing)]
  // VMs without a tenant come before all names.
  const passed = !sort.descending && after !== null && after.value !== ''
  if (key === 'tenant' && scope === 'fleet' && !passed) {
    branches.push(Prisma.sql`
      SELECT vm.id, '' AS key FROM vm
      WHERE vm.tenant_id IS NULL AND ${after?.value === '' ? rest : nothing} AND ${filter}
      ORDER BY vm.id ${direction} ${limit}`)
  }
  return branches
}

/** What has no reading is sorted as -1. */
function cpuBranches(request: PageRequest, direction: Prisma.Sql, limit: Prisma.Sql): Prisma.Sql[] {
  const { scope, filter, after, sort } = request
  const beyond = sort.descending ? Prisma.sql`<` : Prisma.sql`>`
  const amongUnread = after !== null && Number(after.value) < 0
  const read = after
    ? Prisma.sql`(stat.cpu_usage, stat.vm_id) ${beyond} (${after.value}::text::float8, ${after.id}::uuid)`
    : nothing
  const unread = amongUnread ? Prisma.sql`vm.id ${beyond} ${after.id}::uuid` : nothing
  return tenantConditions(scope).flatMap((tenant) => [
    ...(sort.descending && amongUnread
      ? []
      : [
          Prisma.sql`
            SELECT vm.id, stat.cpu_usage AS key FROM vm_stat AS stat JOIN vm ON vm.id = stat.vm_id
            WHERE ${tenant} AND ${read} AND ${filter}
            ORDER BY stat.cpu_usage ${direction}, stat.vm_id ${direction} ${limit}`,
        ]),
    ...(!sort.descending && after !== null && !amongUnread
      ? []
      : [
          Prisma.sql`
            SELECT vm.id, -1::float8 AS key FROM vm
            WHERE ${tenant} AND ${unread} AND ${filter}
              AND NOT EXISTS (SELECT 1 FROM vm_stat WHERE vm_stat.vm_id = vm.id)
            ORDER BY vm.id ${direction} ${limit}`,
        ]),
  ])
}
