import type { Tx } from '#server/db.ts'

const workerSilenceSeconds = 15

export interface FleetHealth {
  sites: number
  hosts: number
  hostsConnected: number
  vms: number
  running: number
  /** Whether a worker has shown itself within 15 s */
  workerAlive: boolean
}

/** In a transaction that sees the whole fleet. */
export async function readHealth(tx: Tx): Promise<FleetHealth> {
  const [health] = await tx.$queryRaw<FleetHealth[]>`
    SELECT (SELECT count(*)::int FROM site) AS sites,
      (SELECT count(*)::int FROM host) AS hosts,
      (SELECT count(*)::int FROM host WHERE state = 'connected') AS "hostsConnected",
      (SELECT count(*)::int FROM vm) AS vms,
      (SELECT count(*)::int FROM vm WHERE state = 'running') AS running,
      EXISTS (SELECT 1 FROM worker WHERE heartbeat_at > now() - make_interval(secs => ${workerSilenceSeconds})) AS "workerAlive"`
  if (!health) throw new Error('the health query gave no row')
  return health
}
