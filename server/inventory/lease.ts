import { workerSilenceMs } from '#server/core/worker-lease.ts'
import type { Db } from '#server/db.ts'

export const leaseEveryMs = 5000

export interface Lease {
  id: string
  name: string
}

/**
 * Takes hosts that no living worker has, up to a fair share, and gives those above it back when others live.
 * A lease lasts as long as its worker's heartbeat: renewing it touches no host, of which every browser would hear.
 * @returns all hosts that this worker now has
 */
export async function lease(db: Db, workerId: string): Promise<Lease[]> {
  await db.$executeRaw`
    WITH living AS (SELECT ${workerId}::text AS id UNION SELECT id FROM worker
        WHERE heartbeat_at > now() - ${workerSilenceMs} * interval '1 millisecond'),
      share AS (SELECT ceil((SELECT count(*) FROM host)::numeric / (SELECT count(*) FROM living)) AS hosts),
      mine AS (SELECT id, row_number() OVER (ORDER BY id) AS place FROM host WHERE worker_id = ${workerId}),
      surplus AS (SELECT id FROM mine, share WHERE place > share.hosts),
      free AS (SELECT host.id FROM host
        WHERE worker_id IS NULL OR (worker_id <> ${workerId} AND worker_id NOT IN (SELECT id FROM living))
        ORDER BY host.id
        LIMIT greatest(0, (SELECT hosts FROM share) - (SELECT count(*) FROM mine))::bigint
        FOR UPDATE SKIP LOCKED)
    UPDATE host SET worker_id = CASE WHEN host.id IN (SELECT id FROM free) THEN ${workerId}::text END
    WHERE host.id IN (SELECT id FROM free) OR host.id IN (SELECT id FROM surplus)`
  return db.$queryRaw<Lease[]>`
    SELECT id::text, name FROM host WHERE worker_id = ${workerId} ORDER BY id`
}

/** Gives all hosts back, for another worker to take at once. */
export async function retire(db: Db, workerId: string): Promise<void> {
  await db.$executeRaw`UPDATE host SET worker_id = NULL WHERE worker_id = ${workerId}`
}
