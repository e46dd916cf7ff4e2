import type { Disk, Snapshot, SnapshotSchedule, Vm } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { type Answer, vmRule } from '#server/schema/vm-rule.ts'

/** The first libvirt that leads a VM back to a snapshot in files of its own. */
const externalRevertSince = 10

/** What of the VM's host decides what can be done with a snapshot. */
export interface SnapshotHost {
  name: string
  libvirtVersion: string | null
}

type Ruled = Pick<Vm, 'state'>

/** Whether a snapshot can be taken now; the same function answers the button and guards the mutation. */
export const takeRule = (vm: Ruled): Answer => vmRule(vm, 'snapshot')

export function revertRule(vm: Ruled, snapshot: Pick<Snapshot, 'storage'>, host: SnapshotHost): Answer {
  const ruling = vmRule(vm, 'revert')
  if (ruling !== true) return ruling
  return snapshot.storage === 'external' ? externalRevertRule(host) : true
}

/** Whether this host leads VMs back to snapshots in files of their own. */
function externalRevertRule({ name, libvirtVersion }: SnapshotHost): Answer {
  if (Number(libvirtVersion?.split('.')[0] ?? 0) >= externalRevertSince) return true
  const has = libvirtVersion ? `has ${libvirtVersion}` : 'did not tell its version'
  return `Going back to a snapshot in files of its own takes libvirt ${externalRevertSince}; ${name} ${has}.`
}

/** Only qcow2 has room for a snapshot within itself. @returns true, or which disk has none */
export function insideRule(disks: readonly Pick<Disk, 'target' | 'device' | 'format' | 'readOnly'>[]): Answer {
  const other = disks.find((disk) => disk.device === 'disk' && !disk.readOnly && disk.format !== 'qcow2')
  return other
    ? `The disk ${other.target} is ${other.format ?? 'raw'}, which can’t hold a snapshot within itself.`
    : true
}

export function deleteRule(vm: Ruled): Answer {
  return vmRule(vm, 'delete-snapshot')
}

export interface SnapshotPage {
  /** Parents before their children */
  snapshots: (Pick<
    Snapshot,
    'id' | 'name' | 'parent' | 'description' | 'takenAt' | 'current' | 'state' | 'withMemory' | 'storage' | 'quiesced'
  > & {
    /** Every when of the schedule that took it, while there is one */
    scheduleId: string | null
    can: { revert: Answer; delete: Answer }
  })[]
  schedules: SnapshotSchedule[]
  can: { take: Answer; schedule: Answer }
  /** Whether its disks can hold a snapshot, and whether one in files beside them can be gone back to */
  inside: Answer
  externalRevert: Answer
  /** Seconds that the VM is likely to stand still while its memory is saved */
  standstillSeconds: number
  /** Reverting costs its next backup the marks of what has changed */
  isBackedUp: boolean
}

/** Memory goes to the disk at about this rate, compressed by nothing. */
const savedBytesPerSecond = 150 * 2 ** 20

/** @param allowed what the person may do, before the VM's state is asked */
export async function readSnapshotPage(tx: Tx, vm: Vm, allowed: Answer): Promise<SnapshotPage> {
  const host = await tx.host.findUniqueOrThrow({
    where: { id: vm.hostId },
    select: { name: true, libvirtVersion: true },
  })
  const found = await tx.snapshot.findMany({
    where: { vmId: vm.id },
    orderBy: [{ takenAt: 'asc' }, { name: 'asc' }],
    omit: { vmId: true },
  })
  const schedules = await tx.snapshotSchedule.findMany({ where: { vmId: vm.id }, orderBy: { createdAt: 'asc' } })
  const known = new Set(schedules.map(({ id }) => id))
  const person = (answer: Answer) => (allowed === true ? answer : allowed)
  return {
    snapshots: found.map((snapshot) => ({
      ...snapshot,
      scheduleId: snapshot.scheduleId && known.has(snapshot.scheduleId) ? snapshot.scheduleId : null,
      can: { revert: person(revertRule(vm, snapshot, host)), delete: person(deleteRule(vm)) },
    })),
    schedules,
    can: { take: person(takeRule(vm)), schedule: allowed },
    inside: insideRule(await tx.disk.findMany({ where: { vmId: vm.id } })),
    externalRevert: externalRevertRule(host),
    standstillSeconds: Number(vm.memoryBytes) / savedBytesPerSecond,
    isBackedUp: (await tx.recoveryPoint.count({ where: { vmUuid: vm.uuid, tenantId: vm.tenantId }, take: 1 })) > 0,
  }
}
