import type { Db } from '#server/db.ts'

/**
 * Removes VMs that their host has no more. One that is being made, or that an operation works on, stays: the operation
 * decides. @returns the UUIDs that went
 */
export async function removeVms(db: Db, hostId: string, uuids: readonly string[]): Promise<string[]> {
  if (uuids.length === 0) return []
  const removed = await db.$queryRaw<{ uuid: string }[]>`
    DELETE FROM vm WHERE id IN (
      SELECT id FROM vm WHERE host_id = ${hostId}::uuid AND uuid = ANY (${uuids}::uuid[]) AND state <> 'creating'
        AND NOT EXISTS (SELECT FROM operation WHERE target_kind = 'vm' AND target_id = vm.id::text
          AND operation.state IN ('queued', 'running', 'cancelling'))
      ORDER BY uuid FOR UPDATE)
    RETURNING uuid::text`
  return removed.map((row) => row.uuid)
}

/** The VMs that the database has on a host, except those that are only being made. */
export async function expectedVms(db: Db, hostId: string): Promise<string[]> {
  const rows = await db.$queryRaw<{ uuid: string }[]>`
    SELECT uuid::text FROM vm WHERE host_id = ${hostId}::uuid AND state <> 'creating'`
  return rows.map((row) => row.uuid)
}

/** Gives a VM that left one host to another that has it too; its state there is read next. */
export async function handOver(db: Db, uuid: string, fromHostId: string, toHostId: string): Promise<void> {
  await db.$executeRaw`
    UPDATE vm SET host_id = host.id, site_id = host.site_id FROM host
    WHERE vm.uuid = ${uuid}::uuid AND vm.host_id = ${fromHostId}::uuid AND host.id = ${toHostId}::uuid`
}

/** Nothing is known any more of the VMs of a host that can't be asked; whether they run is not ours to say. */
export async function forgetStates(db: Db, hostId: string, reason: string): Promise<void> {
  await db.$executeRaw`
    UPDATE vm SET state = 'unknown', state_reason = ${reason}, state_since = now()
    WHERE id IN (
      SELECT id FROM vm WHERE host_id = ${hostId}::uuid AND state NOT IN ('unknown', 'creating')
      ORDER BY uuid FOR NO KEY UPDATE)`
}
