import { type FleetHealth, readHealth } from '#server/core/health.ts'
import { type Db, inScope } from '#server/db.ts'

const answerWithinMs = 4_000

/** 200 with counts of the fleet; 503 with `failing` when Postgres does not answer or no worker is alive. */
export async function healthResponse(db: Db): Promise<Response> {
  const health = await withTimeLimit(inScope(db, 'fleet', readHealth)).catch((error: unknown) => error)
  if (!isHealth(health)) {
    return answer(503, { status: 'unavailable', failing: 'postgres', message: 'Postgres does not answer.' })
  }
  const { workerAlive, ...counts } = health
  if (workerAlive) return answer(200, { status: 'ok', ...counts })
  const message = 'No worker has shown itself in the last 15 seconds.'
  return answer(503, { status: 'unavailable', failing: 'worker', message, ...counts })
}

const isHealth = (value: unknown): value is FleetHealth =>
  typeof value === 'object' && value !== null && 'workerAlive' in value

const answer = (status: number, body: Record<string, string | number>) =>
  Response.json(body, { status, headers: { 'cache-control': 'no-store' } })

async function withTimeLimit<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('no answer in time')), answerWithinMs)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}
