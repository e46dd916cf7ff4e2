import { PrismaPg } from '@prisma/adapter-pg'
import { type Prisma, PrismaClient } from '#prisma/generated/client.ts'

/** Who is asking, for row-level security: the whole fleet, or some tenants. */
export type Scope = 'fleet' | { tenantIds: readonly string[] }

/** A client inside a transaction. Everything in server/core takes one. */
export type Tx = Prisma.TransactionClient
export type Db = PrismaClient

const setting = (scope: Scope) => (scope === 'fleet' ? '*' : scope.tenantIds.join(','))

/**
 * Opens a pool. `scope` is what a statement outside `inScope` may see: the worker passes 'fleet'; the web process
 * passes nothing and so sees no tenant's row by accident.
 */
export function openDb(url: string, options: { scope?: Scope; poolSize?: number } = {}): Db {
  const scope = options.scope ? `-c skerry.scope=${setting(options.scope)}` : '-c skerry.scope='
  return new PrismaClient({
    adapter: new PrismaPg({ connectionString: url, max: options.poolSize ?? 10, options: scope }),
  })
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
