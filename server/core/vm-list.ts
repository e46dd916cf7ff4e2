import type { Prisma } from '#prisma/generated/client.ts'
import type { Scope, Tx } from '#server/db.ts'
import { invalid } from '#server/errors.ts'
import { filterTerms } from '#server/schema/filter.ts'
import type { VmListInput, VmPage, VmState } from '#server/schema/vm.ts'
import { vmFilter } from './vm-filter.ts'
import { type PagePlace, vmPageSql } from './vm-page.ts'
import { readVmRows } from './vm-row.ts'

/** What a browser hands back to get the next page. */
export const encodeCursor = (place: PagePlace) =>
  Buffer.from(JSON.stringify([place.value, place.id])).toString('base64url')

function decodeCursor(text: string, field: 'cursor' | 'until'): PagePlace {
  try {
    const [value, id] = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[]
    if (typeof value === 'string' && typeof id === 'string' && /^[0-9a-f-]{36}$/.test(id)) return { value, id }
  } catch {}
  throw invalid('The list can’t go on from this cursor.', { wayOut: 'Load the list again.', field })
}

/**
 * One page of the VMs that `scope` may see, paged by key: the cost does not grow with the depth. The transaction must
 * be in that scope.
 */
export async function listVms(tx: Tx, scope: Scope, input: VmListInput): Promise<VmPage> {
  const { sort, limit } = input
  const after = input.cursor ? decodeCursor(input.cursor, 'cursor') : null
  const until = input.until ? decodeCursor(input.until, 'until') : null
  if (scope !== 'fleet' && scope.tenantIds.length === 0) return { rows: [], nextCursor: null }
  const { condition, parts } = await vmFilter(tx, filterTerms(input.filter))
  const namesFirst = sort.key === 'name' && parts && (await leavesMany(tx, parts.rest)) ? parts : null
  const page = vmPageSql({ scope, sort, filter: condition, namesFirst, after, until, limit: limit + 1 })
  const places = await tx.$queryRaw<PagePlace[]>`${page}`
  const shown = places.slice(0, limit)
  const last = shown.at(-1)
  return {
    rows: await readVmRows(
      tx,
      shown.map(({ id }) => id),
    ),
    nextCursor: places.length > limit && last ? encodeCursor(last) : null,
  }
}

/** What lets less than this share pass is rather looked for by itself. */
const leastShare = 0.05

/** Whether Postgres takes it that so many VMs pass a condition that a look at each of a few finds a page of them. */
async function leavesMany(tx: Tx, condition: Prisma.Sql): Promise<boolean> {
  const [answer] = await tx.$queryRaw<{ 'QUERY PLAN': [{ Plan: { Plans: { 'Plan Rows': number }[] } }] }[]>`
    EXPLAIN (FORMAT JSON) SELECT FROM vm WHERE ${condition} UNION ALL SELECT FROM vm`
  const [passing, all] = answer?.['QUERY PLAN'][0].Plan.Plans ?? []
  return passing !== undefined && all !== undefined && passing['Plan Rows'] >= leastShare * all['Plan Rows']
}

export interface VmCounts {
  total: number
  byState: Partial<Record<VmState, number>>
}

export async function countVms(tx: Tx, filter: string): Promise<VmCounts> {
  const { condition } = await vmFilter(tx, filterTerms(filter))
  const counts = await tx.$queryRaw<{ state: VmState; count: number }[]>`
    SELECT vm.state, count(*)::int AS count FROM vm WHERE ${condition} GROUP BY vm.state`
  return {
    total: counts.reduce((sum, row) => sum + row.count, 0),
    byState: Object.fromEntries(counts.map((row) => [row.state, row.count])),
  }
}
