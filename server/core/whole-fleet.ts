import type { Tx } from '#server/db.ts'

/**
 * Reads inside a request's transaction as the fleet sees it, for decisions about the fleet's room that must count other
 * tenants' VMs without showing them. What `work` returns must tell nothing of them.
 */
export async function unsafeWholeFleet<T>(tx: Tx, work: () => Promise<T>): Promise<T> {
  const [now] = await tx.$queryRaw<{ scope: string | null }[]>`SELECT current_setting('skerry.scope', true) AS scope`
  await tx.$executeRaw`SELECT set_config('skerry.scope', '*', true)`
  const narrow = () => tx.$executeRaw`SELECT set_config('skerry.scope', ${now?.scope ?? ''}, true)`
  try {
    return await work()
  } finally {
    // After an error of the database the transaction is over, and its scope with it.
    await narrow().catch(() => undefined)
  }
}
