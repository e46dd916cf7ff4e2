import { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { invalid } from '#server/errors.ts'
import { filterTerms } from '#server/schema/filter.ts'
import type { RowOperation, VmListInput, VmPage, VmRow, VmSortKey, VmState } from '#server/schema/vm.ts'
import { vmFilterSql } from './vm-filter.ts'

/** The expression a list is sorted by, the join it needs, and its SQL type for the cursor. */
const sorts: Record<VmSortKey, { expression: Prisma.Sql; join: Prisma.Sql; type: Prisma.Sql }> = {
  name: { expression: Prisma.sql`vm.name`, join: Prisma.empty, type: Prisma.sql`text` },
  state: { expression: Prisma.sql`vm.state`, join: Prisma.empty, type: Prisma.sql`text` },
  site: {
    expression: Prisma.sql`site.name`,
    join: Prisma.sql`JOIN site ON site.id = vm.site_id`,
    type: Prisma.sql`text`,
  },
  host: {
    expression: Prisma.sql`host.name`,
    join: Prisma.sql`JOIN host ON host.id = vm.host_id`,
    type: Prisma.sql`text`,
  },
  tenant: {
    expression: Prisma.sql`coalesce(tenant.name, '')`,
    join: Prisma.sql`LEFT JOIN tenant ON tenant.id = vm.tenant_id`,
    type: Prisma.sql`text`,
  },
  vcpus: { expression: Prisma.sql`vm.vcpu_count`, join: Prisma.empty, type: Prisma.sql`integer` },
  memory: { expression: Prisma.sql`vm.memory_bytes`, join: Prisma.empty, type: Prisma.sql`bigint` },
  disk: { expression: Prisma.sql`vm.disk_bytes`, join: Prisma.empty, type: Prisma.sql`bigint` },
  cpu: {
    expression: Prisma.sql`coalesce(stat.cpu_usage, -1)`,
    join: Prisma.sql`LEFT JOIN vm_stat AS stat ON stat.vm_id = vm.id`,
    type: Prisma.sql`float8`,
  },
  created: { expression: Prisma.sql`vm.created_at`, join: Prisma.empty, type: Prisma.sql`timestamptz` },
}

interface Cursor {
  value: string
  id: string
}

const encodeCursor = (cursor: Cursor) => Buffer.from(JSON.stringify([cursor.value, cursor.id])).toString('base64url')

function decodeCursor(text: string): Cursor {
  try {
    const [value, id] = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[]
    if (typeof value === 'string' && typeof id === 'string' && /^[0-9a-f-]{36}$/.test(id)) return { value, id }
  } catch {}
  throw invalid('The list can’t go on from this cursor.', { wayOut: 'Load the list again.', field: 'cursor' })
}

const columns = Prisma.sql`vm.id::text AS id, vm.uuid::text AS uuid, vm.name, vm.state, vm.state_reason AS "stateReason",
  vm.state_since AS "stateSince", vm.tenant_id AS "tenantId", vm.site_id::text AS "siteId", vm.host_id::text AS "hostId",
  vm.vcpu_count AS "vcpuCount", vm.memory_bytes::float8 AS "memoryBytes", vm.disk_bytes::float8 AS "diskBytes",
  vm.addresses, vm.tags, vm.protected, vm.agent_connected AS "agentConnected", vm.created_at AS "createdAt"`

type VmColumns = Omit<
  VmRow,
  'state' | 'stateSince' | 'createdAt' | 'cpuUsage' | 'memoryUsedBytes' | 'cpuSeries' | 'operation'
> & {
  state: VmState
  stateSince: Date
  createdAt: Date
}

/** Adds to bare VM columns what lists show from elsewhere: the newest reading and the operation at work. */
async function complete(tx: Tx, rows: VmColumns[]): Promise<VmRow[]> {
  if (rows.length === 0) return []
  const ids = rows.map((row) => row.id)
  const stats = await tx.vmStat.findMany({
    where: { vmId: { in: ids } },
    select: { vmId: true, cpuUsage: true, memoryUsedBytes: true, cpuSeries: true },
  })
  const operations = await tx.operation.findMany({
    where: { targetKind: 'vm', targetId: { in: ids }, state: { in: ['queued', 'running', 'cancelling'] } },
    orderBy: { createdAt: 'asc' },
    select: {
      id: true,
      targetId: true,
      kind: true,
      state: true,
      phase: true,
      step: true,
      progressDone: true,
      progressTotal: true,
    },
  })
  const statOf = new Map(stats.map((stat) => [stat.vmId, stat]))
  const operationOf = new Map<string, RowOperation>(
    operations.map((operation) => [
      operation.targetId,
      {
        id: operation.id,
        kind: operation.kind,
        state: operation.state as RowOperation['state'],
        phase: operation.phase ?? operation.step,
        progress: operation.progressTotal
          ? Number(operation.progressDone ?? 0n) / Number(operation.progressTotal)
          : null,
      },
    ]),
  )
  return rows.map((row) => {
    const stat = statOf.get(row.id)
    return {
      ...row,
      stateSince: row.stateSince.toISOString(),
      createdAt: row.createdAt.toISOString(),
      cpuUsage: stat?.cpuUsage ?? null,
      memoryUsedBytes: stat?.memoryUsedBytes == null ? null : Number(stat.memoryUsedBytes),
      cpuSeries: stat?.cpuSeries.slice(-24) ?? [],
      operation: operationOf.get(row.id) ?? null,
    }
  })
}

/** One page of the VMs this transaction may see, paged by key: the cost does not grow with the depth. */
export async function listVms(tx: Tx, input: VmListInput): Promise<VmPage> {
  const { expression, join, type } = sorts[input.sort.key]
  const direction = input.sort.descending ? Prisma.sql`DESC` : Prisma.sql`ASC`
  const cursor = input.cursor ? decodeCursor(input.cursor) : null
  const after = cursor
    ? Prisma.sql`AND (${expression}, vm.id) ${input.sort.descending ? Prisma.sql`<` : Prisma.sql`>`} (${cursor.value}::text::${type}, ${cursor.id}::uuid)`
    : Prisma.empty
  const found = await tx.$queryRaw<(VmColumns & { sortValue: string })[]>`
    SELECT ${columns}, ${expression}::text AS "sortValue"
    FROM vm ${join}
    WHERE ${vmFilterSql(filterTerms(input.filter))} ${after}
    ORDER BY ${expression} ${direction}, vm.id ${direction}
    LIMIT ${input.limit + 1}`
  const page = found.slice(0, input.limit)
  const last = page.at(-1)
  return {
    rows: await complete(
      tx,
      page.map(({ sortValue: _, ...row }) => row),
    ),
    nextCursor: found.length > input.limit && last ? encodeCursor({ value: last.sortValue, id: last.id }) : null,
  }
}

/** Rows by id, for live updates; ids that are gone or not visible are left out. */
export async function readVmRows(tx: Tx, ids: readonly string[]): Promise<VmRow[]> {
  if (ids.length === 0) return []
  const found = await tx.$queryRaw<VmColumns[]>`SELECT ${columns} FROM vm WHERE vm.id = ANY (${ids}::uuid[])`
  return complete(tx, found)
}

export interface VmCounts {
  total: number
  byState: Partial<Record<VmState, number>>
}

export async function countVms(tx: Tx, filter: string): Promise<VmCounts> {
  const counts = await tx.$queryRaw<{ state: VmState; count: number }[]>`
    SELECT vm.state, count(*)::int AS count FROM vm WHERE ${vmFilterSql(filterTerms(filter))} GROUP BY vm.state`
  return {
    total: counts.reduce((sum, row) => sum + row.count, 0),
    byState: Object.fromEntries(counts.map((row) => [row.state, row.count])),
  }
}
