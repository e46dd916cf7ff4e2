import type { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { liveStates, type OperationList, type OperationPage, type OperationRow } from '#server/schema/operation.ts'
import { hiddenColumns, toOperationRows } from './operation.ts'

/**
 * One page of operations, live ones first, each part newest first. Ids are time-ordered, so the id is the key.
 * @returns `next` is null at the end
 */
export async function listOperations(tx: Tx, query: OperationList): Promise<OperationPage> {
  const filter: Prisma.OperationWhereInput = {
    ...(query.targetId ? { targetId: query.targetId } : {}),
    ...(query.parentId ? { parentId: query.parentId } : {}),
    ...(query.kinds ? { kind: { in: query.kinds } } : {}),
    ...(query.states ? { state: { in: query.states } } : {}),
    ...(query.topLevel ? { parentId: null } : {}),
    ...(query.withinHours ? { createdAt: { gte: new Date(Date.now() - query.withinHours * 3_600_000) } } : {}),
    ...(query.hostId ? { OR: [{ hostId: query.hostId }, { destinationHostId: query.hostId }] } : {}),
  }
  const page = (live: boolean, before: string | undefined, take: number) =>
    tx.operation.findMany({
      where: {
        AND: [
          filter,
          { state: live ? { in: [...liveStates] } : { notIn: [...liveStates] } },
          before ? { id: { lt: before } } : {},
        ],
      },
      orderBy: { id: 'desc' },
      take,
      omit: hiddenColumns,
    })
  const { cursor, limit } = query
  const rows = cursor && !cursor.live ? [] : await page(true, cursor?.id, limit + 1)
  let liveCount = rows.length
  if (query.live !== true && rows.length <= limit) {
    const ended = await page(false, cursor && !cursor.live ? cursor.id : undefined, limit + 1 - rows.length)
    // One that ended between the two readings is in both; its end is the newer truth.
    const endedIds = new Set(ended.map((row) => row.id))
    rows.splice(0, rows.length, ...rows.filter((row) => !endedIds.has(row.id)), ...ended)
    liveCount = rows.length - ended.length
  }
  const items = rows.slice(0, limit)
  const last = rows.length > limit ? items.at(-1) : undefined
  return {
    items: await toOperationRows(tx, items),
    next: last ? { live: items.length <= liveCount, id: last.id } : null,
  }
}

/**
 * One operation with the whole input it was given (see `shownInput`), what operators may know of its error, and, of a
 * bulk or drain operation, its children. Row-level security keeps the trace from a tenant's transaction.
 */
export async function readOperation(
  tx: Tx,
  id: string,
): Promise<(OperationRow & { input: unknown; errorDetail: string | null; children: OperationRow[] }) | null> {
  const row = await tx.operation.findUnique({
    where: { id },
    include: { children: { orderBy: { id: 'asc' }, omit: hiddenColumns }, trace: { select: { errorDetail: true } } },
  })
  if (!row) return null
  const [own, ...children] = await toOperationRows(tx, [row, ...row.children])
  return own ? { ...own, input: row.input, errorDetail: row.trace?.errorDetail ?? null, children } : null
}
