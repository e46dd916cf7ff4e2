import type { ClientBase, QueryConfig, QueryResult, QueryResultRow } from 'pg'
import { type Db, poolOf, type Tx } from '#server/db.ts'

/** Fewer than the pool has connections, so that single statements and workflows always find one. */
const atOnce = 5

interface Queue {
  running: number
  waiting: (() => void)[]
}

const queues = new WeakMap<Db, Queue>()

/**
 * Hundreds of hosts write at the same time: few do at once, the others wait their turn, and what is urgent goes first.
 */
export async function inTurn<T>(db: Db, work: () => Promise<T>, { urgent = false } = {}): Promise<T> {
  const queue = queues.get(db) ?? { running: 0, waiting: [] }
  queues.set(db, queue)
  if (queue.running < atOnce) queue.running++
  else {
    await new Promise<void>((resolve) => {
      if (urgent) queue.waiting.unshift(resolve)
      else queue.waiting.push(resolve)
    })
  }
  try {
    return await work()
  } finally {
    const next = queue.waiting.shift()
    if (next) next()
    else queue.running--
  }
}

/** Runs `work` in one transaction, when it is its turn. */
export const transact = <T>(db: Db, work: (tx: Tx) => Promise<T>, options?: { urgent?: boolean }): Promise<T> =>
  inTurn(db, () => db.$transaction(work, { timeout: 60_000, maxWait: 30_000 }), options)

/** Runs long statements: see `poolOf`. */
export interface Sql {
  query<T extends QueryResultRow>(statement: QueryConfig): Promise<QueryResult<T>>
}

/** A statement with its values apart. With a name each connection plans it once. */
export const named =
  (name: string) =>
  (texts: TemplateStringsArray, ...values: unknown[]): QueryConfig => ({
    name,
    text: texts.reduce((text, next, index) => `${text}$${index}${next}`),
    values,
  })

/** Whoever changes what belongs to VMs locks their rows first, in the order of their UUIDs: nobody waits in a circle. */
export async function lockVms(sql: Sql, vmIds: readonly string[]): Promise<void> {
  await sql.query(named('lock VMs')`
    SELECT FROM vm WHERE id = ANY (${vmIds}::uuid[]) ORDER BY uuid FOR NO KEY UPDATE`)
}

/** Runs one statement, or several in one transaction, when it is its turn. */
export const inSql = <T>(
  db: Db,
  work: (sql: Sql) => Promise<T>,
  { single = false, urgent = false }: { single?: boolean; urgent?: boolean } = {},
): Promise<T> =>
  inTurn(
    db,
    async () => {
      const client: ClientBase & { release(destroy?: boolean): void } = await poolOf(db).connect()
      try {
        if (!single) await client.query('BEGIN')
        const result = await work(client)
        if (!single) await client.query('COMMIT')
        client.release()
        return result
      } catch (error) {
        client.release(true) // what it had begun ends with it
        throw error
      }
    },
    { urgent },
  )
