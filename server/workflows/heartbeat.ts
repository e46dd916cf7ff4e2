import { hostname } from 'node:os'
import type { Db } from '#server/db.ts'

/**
 * Tells the others that this worker lives. A worker that stops beating loses its hosts and operations to them.
 * @returns the stop, which removes the row
 */
export async function startHeartbeat(db: Db, workerId: string, everyMs = 2_000): Promise<() => Promise<void>> {
  const beat = () => db.$executeRaw`
    INSERT INTO worker (id, hostname, pid, version, started_at, heartbeat_at)
    VALUES (${workerId}, ${hostname()}, ${process.pid}, ${process.version}, now(), now())
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = now(), pid = ${process.pid}`
  await beat()
  const timer = setInterval(() => void beat().catch(() => undefined), everyMs)
  return async () => {
    clearInterval(timer)
    await db.worker.deleteMany({ where: { id: workerId } })
  }
}
