import type { Vm } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'

/** What of a VM's protection is there to move along when it moves to another host. */
export interface MovingProtection {
  /** Names of the policies that take it */
  policies: string[]
  snapshotSchedules: number
  snapshots: number
  /** Where its backups are; the newest of each is the one whose marks the next backup needs */
  datastores: { name: string; recoveryPoints: number; newestId: string }[]
}

export async function readMovingProtection(
  tx: Pick<Tx, 'protection' | 'snapshotSchedule' | 'snapshot' | 'recoveryPoint'>,
  vm: Pick<Vm, 'id' | 'tenantId'>,
): Promise<MovingProtection> {
  const under = await tx.protection.findMany({
    where: { vmId: vm.id, policy: { enabled: true } },
    select: { policy: { select: { name: true } } },
  })
  const points = await tx.recoveryPoint.findMany({
    where: { vmId: vm.id, tenantId: vm.tenantId },
    orderBy: { takenAt: 'desc' },
    select: { id: true, datastore: { select: { id: true, name: true } } },
  })
  const stores = Map.groupBy(points, ({ datastore }) => datastore.id)
  return {
    policies: under.map(({ policy }) => policy.name).sort(),
    snapshotSchedules: await tx.snapshotSchedule.count({ where: { vmId: vm.id, enabled: true } }),
    snapshots: await tx.snapshot.count({ where: { vmId: vm.id } }),
    datastores: [...stores.values()].flatMap((ofStore) => {
      const [newest] = ofStore
      return newest ? [{ name: newest.datastore.name, recoveryPoints: ofStore.length, newestId: newest.id }] : []
    }),
  }
}
