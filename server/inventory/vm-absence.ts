import { Prisma } from '#prisma/generated/client.ts'
import type { Db } from '#server/db.ts'

/** What people gave a VM, such as its tenant, waits so long for a host that has it. */
const missingMs = 3_600_000

/**
 * VMs are on their host no more. A row with nothing in it that the hosts could not tell again goes. One that people
 * gave something stays for a while as missing: the VM may be on its way to a host that another worker looks after. One
 * that is being made, or that an operation works on, stays as it is: the operation decides.
 * @returns the UUIDs of the rows that went
 */
export async function removeVms(db: Db, hostId: string, uuids: readonly string[]): Promise<string[]> {
  if (uuids.length === 0) return []
  const gone = Prisma.sql`SELECT id FROM vm WHERE host_id = ${hostId}::uuid AND uuid = ANY (${uuids}::uuid[])
    AND state <> 'creating' AND NOT EXISTS (SELECT FROM operation WHERE target_kind = 'vm' AND target_id = vm.id::text
      AND operation.state IN ('queued', 'running', 'cancelling'))`
  const given = Prisma.sql`(tenant_id IS NOT NULL OR tags <> '{}' OR protected)`
  await db.$executeRaw`
    UPDATE vm SET missing_since = now(), state = 'unknown', state_since = now(), addresses = '{}',
      state_reason = (SELECT 'The host ' || name || ' no longer has it.' FROM host WHERE host.id = vm.host_id)
    WHERE id IN (${gone} AND missing_since IS NULL AND ${given} ORDER BY uuid FOR UPDATE)`
  const removed = await db.$queryRaw<{ uuid: string }[]>`
    DELETE FROM vm WHERE id IN (
      ${gone} AND (NOT ${given} OR missing_since < now() - ${missingMs} * interval '1 millisecond')
      ORDER BY uuid FOR UPDATE)
    RETURNING uuid::text`
  return removed.map((row) => row.uuid)
}

/** Of VMs whose rows another host had: those that it has no more, or that have no row and are to have one. */
export async function ownerless(db: Db, uuids: readonly string[]): Promise<string[]> {
  if (uuids.length === 0) return []
  const rows = await db.$queryRaw<{ uuid: string }[]>`
    SELECT uuid::text FROM unnest(${uuids}::uuid[]) AS seen (uuid)
    WHERE NOT EXISTS (SELECT FROM vm WHERE vm.uuid = seen.uuid AND missing_since IS NULL)
      AND NOT EXISTS (SELECT FROM boot_test JOIN operation ON operation.id = boot_test.id
        WHERE machine_uuid = seen.uuid AND operation.finished_at IS NULL)`
  return rows.map((row) => row.uuid)
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
    UPDATE vm SET host_id = host.id, site_id = host.site_id, missing_since = NULL FROM host
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
