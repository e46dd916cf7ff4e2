import type { Tx } from '#server/db.ts'
import { liveStates } from '#server/schema/operation.ts'

export interface Reserved {
  memoryBytes: number
  vcpus: number
}

interface Row {
  kind: string
  step: string | null
  progressDone: bigint | null
  reservedVcpus: number
  reservedMemoryBytes: bigint
  reservedDiskBytes: bigint
}

/** Steps of an operation in which what it reserved is in use, and so missing from what the host says is free. */
const taken: Record<string, readonly string[]> = {
  'migrate-vm': ['go on', 'take up snapshots', 'record', 'clean up'],
  'create-vm': ['record'],
  'restore-new-vm': ['record'],
  'clone-recovery-point': ['record'],
}

/** What of a reservation the host does not show yet. Of a guest that is moving in, the memory that came is in use there. */
export function stillToCome(row: Row): Reserved {
  if (row.step && taken[row.kind]?.includes(row.step)) return { memoryBytes: 0, vcpus: 0 }
  const memoryBytes = Number(row.reservedMemoryBytes)
  const vcpus = row.reservedVcpus
  if (row.kind !== 'migrate-vm' || row.step !== 'move') return { memoryBytes, vcpus }
  const arrivedBytes = Number(row.progressDone ?? 0) - Number(row.reservedDiskBytes)
  return { memoryBytes: Math.max(0, memoryBytes - Math.max(0, arrivedBytes)), vcpus }
}

/**
 * What live operations will still take of each host, by its id. For the judgement of an operation give its own id: only
 * earlier ones count then (ids are time-ordered), or two that were asked for together would keep each other out.
 */
export async function readReservations(tx: Tx, beforeId?: string): Promise<(hostId: string) => Reserved> {
  const rows = await tx.operation.findMany({
    where: {
      state: { in: [...liveStates] },
      ...(beforeId ? { id: { lt: beforeId } } : {}),
      OR: [{ reservedMemoryBytes: { gt: 0 } }, { reservedVcpus: { gt: 0 } }],
    },
    select: {
      ...{ kind: true, step: true, progressDone: true, hostId: true, destinationHostId: true },
      ...{ reservedVcpus: true, reservedMemoryBytes: true, reservedDiskBytes: true },
    },
  })
  const byHost = new Map<string, Reserved>()
  for (const row of rows) {
    const hostId = row.destinationHostId ?? row.hostId ?? ''
    const held = byHost.get(hostId) ?? { memoryBytes: 0, vcpus: 0 }
    const more = stillToCome(row)
    byHost.set(hostId, { memoryBytes: held.memoryBytes + more.memoryBytes, vcpus: held.vcpus + more.vcpus })
  }
  return (hostId) => byHost.get(hostId) ?? { memoryBytes: 0, vcpus: 0 }
}
