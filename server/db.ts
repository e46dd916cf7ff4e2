import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { Prisma, PrismaClient } from '#prisma/generated/client.ts'
import { SkerryError, unavailable } from './errors.ts'

/** Who is asking, for row-level security: the whole fleet, or some tenants. */
export type Scope = 'fleet' | { tenantIds: readonly string[] }

/** A client inside a transaction. Everything in server/core takes one. */
export type Tx = Prisma.TransactionClient
export type Db = PrismaClient

const setting = (scope: Scope) => (scope === 'fleet' ? '*' : scope.tenantIds.join(','))

const gone = new Set(['P1000', 'P1001', 'P1002', 'P1008', 'P1011', 'P1017', 'P2024', 'ECONNREFUSED', 'ECONNRESET'])

/** A transaction that waited too long, or lost against another one. */
const lost = new Set(['P2028', 'P2034', '40001', '40P01', '55P03'])

/**
 * Whether the database can't be asked now, which says nothing about what it was asked. An error of our own names what
 * else refused a connection.
 */
export const isDatabaseGone = (thrown: unknown): boolean => hasCode(thrown, gone)

/** Whether it was too busy with something else: nothing of the transaction has come to be, and it may be tried again. */
export const isDatabaseBusy = (thrown: unknown): boolean => hasCode(thrown, lost)

export const databaseBusy = (cause: unknown): SkerryError =>
  unavailable('Skerry’s database was too busy with something else.', { wayOut: 'Try again.', cause })

function hasCode(thrown: unknown, codes: ReadonlySet<string>): boolean {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth += 1) {
    if (error instanceof SkerryError) return false
    if (codesOf(error).some((code) => code !== undefined && codes.has(code))) return true
  }
  return false
}

/** For many of Postgres's codes Prisma has none but a common one; what Postgres said is below it. */
function codesOf({ code, meta }: Error & { code?: string; meta?: AdapterMeta }) {
  return [code, meta?.driverAdapterError?.cause?.originalCode]
}
type AdapterMeta = { driverAdapterError?: { cause?: { originalCode?: string } } }

/**
 * Prisma asks for several relations of a row side by side, also inside a transaction, which has one connection. That
 * one answers in turn; pg keeps a queue for it, of which it warns that it will go.
 */
class PgInTurn extends PrismaPg {
  override async connect() {
    const adapter = await super.connect()
    const start = adapter.startTransaction.bind(adapter)
    adapter.startTransaction = async (isolationLevel) => {
      const transaction = await start(isolationLevel)
      const inTurn = turns()
      const { queryRaw, executeRaw } = transaction
      transaction.queryRaw = (query) => inTurn(() => queryRaw.call(transaction, query))
      transaction.executeRaw = (query) => inTurn(() => executeRaw.call(transaction, query))
      return transaction
    }
    return adapter
  }
}

/** Begins each piece of work when the one before has ended. */
function turns() {
  let before: Promise<unknown> = Promise.resolve()
  return <T>(work: () => Promise<T>): Promise<T> => {
    const mine = before.then(work)
    before = mine.catch(() => undefined)
    return mine
  }
}

/**
 * Begins a raw statement whose plan each connection keeps under this name. Only for statements whose text and best plan
 * are the same whatever their parameters are.
 */
export const keptPlan = (name: string) => Prisma.raw(`/* kept: ${name} */`)
const keptName = /^\/\* kept: ([\w-]+) \*\//

/**
 * A process that stands still in the middle of a transaction, frozen with its machine, keeps its locks no longer than
 * this: whoever takes its work over must not wait for it.
 */
export const idleInTransaction = '-c idle_in_transaction_session_timeout=20000'

/**
 * Opens a pool. `scope` is what a statement outside `inScope` may see: the worker passes 'fleet'; the web process
 * passes nothing and so sees no tenant's row by accident.
 */
export function openDb(url: string, options: { scope?: Scope; poolSize?: number } = {}): Db {
  const scope = options.scope ? `-c skerry.scope=${setting(options.scope)}` : '-c skerry.scope='
  const settings = `${scope} ${idleInTransaction}`
  const pool = new pg.Pool({ connectionString: url, max: options.poolSize ?? 10, options: settings })
  pool.on('error', () => {}) // an idle connection was lost: whoever asks next gets another one
  const statementNameGenerator = ({ sql }: { sql: string }) => keptName.exec(sql)?.[1] ?? ''
  const db = new PrismaClient({ adapter: new PgInTurn(pool, { disposeExternalPool: true, statementNameGenerator }) })
  pools.set(db, pool)
  return db
}

const pools = new WeakMap<Db, pg.Pool>()

/** The connections below a client: for long texts, which take Prisma longer to pass on than Postgres to write. */
export function poolOf(db: Db): pg.Pool {
  const pool = pools.get(db)
  if (!pool) throw new Error('This client was not opened by openDb')
  return pool
}

/** Runs `work` in one transaction that can see and change only what `scope` allows. */
export function inScope<T>(db: Db, scope: Scope, work: (tx: Tx) => Promise<T>, timeoutMs = 15_000): Promise<T> {
  return db.$transaction(
    async (tx) => {
      await tx.$executeRaw`SELECT set_config('skerry.scope', ${setting(scope)}, true)`
      return work(tx)
    },
    { timeout: timeoutMs, maxWait: 5_000 },
  )
}
