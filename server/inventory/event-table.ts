import type { Tx } from '#server/db.ts'
import { rowId } from './row-id.ts'

export interface EventRow {
  /** The VM's, of the hypervisor */
  uuid: string
  kind: string
  detail: string
  at: Date
}

/** Adds to the VMs' histories; events of VMs without a row are left out. */
export async function insertEvents(tx: Tx, hostId: string, events: readonly EventRow[]): Promise<void> {
  if (events.length === 0) return
  const rows = events.map((event) => ({ ...event, id: rowId() }))
  await tx.$executeRaw`
    INSERT INTO vm_event (id, vm_id, host_id, at, kind, detail)
    SELECT seen.id, vm.id, ${hostId}::uuid, seen.at, seen.kind, seen.detail
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      AS seen (id uuid, uuid uuid, at timestamptz, kind text, detail text)
    JOIN vm ON vm.uuid = seen.uuid`
}
