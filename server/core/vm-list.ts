import { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { invalid } from '#server/errors.ts'
import { filterTerms } from '#server/schema/filter.ts'
import type { VmListInput, VmPage, VmSortKey, VmState } from '#server/schema/vm.ts'
import { vmFilterSql } from './vm-filter.ts'
import { completeRows, type VmColumns, vmColumns } from './vm-row.ts'

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

/** One page of the VMs this transaction may see, paged by key: the cost does not grow with the depth. */
export async function listVms(tx: Tx, input: VmListInput): Promise<VmPage> {
  const { expression, join, type } = sorts[input.sort.key]
  const direction = input.sort.descending ? Prisma.sql`DESC` : Prisma.sql`ASC`
  const cursor = input.cursor ? decodeCursor(input.cursor) : null
  const after = cursor
    ? Prisma.sql`AND (${expression}, vm.id) ${input.sort.descending ? Prisma.sql`<` : Prisma.sql`>`} (${cursor.value}::text::${type}, ${cursor.id}::uuid)`
    : Prisma.empty
  const found = await tx.$queryRaw<(VmColumns & { sortValue: string })[]>`
    SELECT ${vmColumns}, ${expression}::text AS "sortValue"
    FROM vm ${join}
    WHERE ${vmFilterSql(filterTerms(input.filter))} ${after}
    ORDER BY ${expression} ${direction}, vm.id ${direction}
    LIMIT ${input.limit + 1}`
  const page = found.slice(0, input.limit)
  const last = page.at(-1)
  return {
    rows: await completeRows(
      tx,
      page.map(({ sortValue: _, ...row }) => row),
    ),
    nextCursor: found.length > input.limit && last ? encodeCursor({ value: last.sortValue, id: last.id }) : null,
  }
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
