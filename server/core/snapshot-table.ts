import { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'

/** A snapshot as the hypervisor tells it. */
export interface KnownSnapshot {
  name: string
  parent: string | null
  description: string
  /** ISO 8601 */
  takenAt: string
  current: boolean
  state: string
  withMemory: boolean
  storage: 'internal' | 'external'
  mark: { scheduleId?: string | undefined; quiesced?: boolean | undefined }
}

const uuidShape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** What makes the rows of these VMs' snapshots as the hypervisor tells them; only what differs is touched. */
export function snapshotStatements(
  vms: readonly { vmId: string; snapshots: readonly KnownSnapshot[] }[],
): Prisma.Sql[] {
  const rows = vms.flatMap(({ vmId, snapshots }) =>
    snapshots.map(({ mark, ...snapshot }) => ({
      ...snapshot,
      vmId,
      quiesced: mark.quiesced ?? null,
      // Anybody may write anything into a snapshot's description.
      scheduleId: mark.scheduleId && uuidShape.test(mark.scheduleId) ? mark.scheduleId : null,
    })),
  )
  const json = JSON.stringify(rows)
  const forget = Prisma.sql`
    DELETE FROM snapshot WHERE vm_id = ANY (${vms.map(({ vmId }) => vmId)}::uuid[]) AND NOT EXISTS (
      SELECT FROM jsonb_to_recordset(${json}::jsonb) AS seen ("vmId" uuid, name text)
      WHERE seen."vmId" = snapshot.vm_id AND seen.name = snapshot.name)`
  if (rows.length === 0) return [forget]
  const write = Prisma.sql`
    INSERT INTO snapshot (id, vm_id, name, parent, description, taken_at, current, state, with_memory, storage, quiesced,
      schedule_id)
    SELECT gen_random_uuid(), "vmId", name, parent, description, "takenAt", current, state, "withMemory", storage,
      quiesced, "scheduleId"
    FROM jsonb_to_recordset(${json}::jsonb) AS seen ("vmId" uuid, name text, parent text, description text,
      "takenAt" timestamptz, current bool, state text, "withMemory" bool, storage text, quiesced bool, "scheduleId" uuid)
    ON CONFLICT (vm_id, name) DO UPDATE SET
      parent = excluded.parent, description = excluded.description, taken_at = excluded.taken_at,
      current = excluded.current, state = excluded.state, with_memory = excluded.with_memory,
      storage = excluded.storage, quiesced = excluded.quiesced, schedule_id = excluded.schedule_id
    WHERE (snapshot.parent, snapshot.description, snapshot.taken_at, snapshot.current, snapshot.state,
        snapshot.with_memory, snapshot.storage, snapshot.quiesced, snapshot.schedule_id)
      IS DISTINCT FROM (excluded.parent, excluded.description, excluded.taken_at, excluded.current, excluded.state,
        excluded.with_memory, excluded.storage, excluded.quiesced, excluded.schedule_id)`
  return [forget, write]
}

/** Writes those of one VM whose row is the caller's to change, and its count with it. */
export async function recordSnapshots(tx: Tx, vmId: string, snapshots: readonly KnownSnapshot[]): Promise<void> {
  await tx.$executeRaw`UPDATE vm SET snapshot_count = ${snapshots.length} WHERE id = ${vmId}::uuid`
  for (const statement of snapshotStatements([{ vmId, snapshots }])) await tx.$executeRaw(statement)
}
