import type { Disk, Snapshot, SnapshotSchedule, Vm } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import { withThoseAfter } from '#server/schema/snapshot.ts'
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

/** internal: inside its disks' files; external: beside them, where later writes go to other files */
export type SnapshotStorage = 'internal' | 'external'

type Stored = Pick<Snapshot, 'name' | 'parent'> & { storage: string }

const placeOf = (storage: string) => (storage === 'internal' ? 'inside the disks' : 'beside the disks')

/** Where a snapshot of the VM as it is now comes to lie; of one that is off where its others do. */
export function storageOf({ state }: Ruled, withMemory: boolean, others: readonly Pick<Stored, 'storage'>[]) {
  if (state !== 'off') return withMemory ? 'internal' : 'external'
  return others.some(({ storage }) => storage === 'external') ? 'external' : 'internal'
}

/**
 * Whether a snapshot that lies there goes with the VM's others: of two on each other, one inside the disks and one beside
 * them, libvirt deletes neither any more.
 * @returns true, or why not
 */
export function mixingRule(storage: SnapshotStorage, others: readonly Pick<Stored, 'name' | 'storage'>[]): Answer {
  const other = others.find((each) => each.storage !== storage)
  if (!other) return true
  return `Its snapshot ${other.name} lies ${placeOf(other.storage)}: with one ${placeOf(storage)} on top, neither could be deleted any more.`
}

/** @returns where a snapshot of the VM as it is now comes to lie. @throws conflict where it does not go with the others */
export function demandStorage(
  vm: Ruled & { name: string },
  withMemory: boolean,
  others: readonly Stored[],
): SnapshotStorage {
  const storage = storageOf(vm, withMemory, others)
  const mixing = mixingRule(storage, others)
  if (mixing === true) return storage
  const wayOut = vm.state === 'off' ? 'Delete' : 'Take the other kind, or delete'
  throw conflict(`${vm.name} can’t have that snapshot. ${mixing}`, `${wayOut} its other snapshots first.`)
}

type InsideDisks = Parameters<typeof insideRule>[0]
const storageRule = (storage: SnapshotStorage, disks: InsideDisks, others: readonly Stored[]): Answer => {
  const mixing = mixingRule(storage, others)
  return mixing === true && storage === 'internal' ? insideRule(disks) : mixing
}

/** Whether a snapshot can be deleted, by what the VM does and by how it and the VM's others lie on each other. */
export function deleteRule(vm: Ruled, snapshot: Stored, all: readonly Stored[]): Answer {
  const ruling = vmRule(vm, 'delete-snapshot')
  if (ruling !== true) return ruling
  const below = snapshot.storage === 'external' ? all.filter(({ name }) => name === snapshot.parent) : []
  const other = [...below, ...withThoseAfter(snapshot, all)].find(({ storage }) => storage !== snapshot.storage)
  return other
    ? `libvirt can’t delete it: it lies ${placeOf(snapshot.storage)}, and ${other.name} ${placeOf(other.storage)}, one on the other.`
    : true
}

/** @throws conflict, with the reason why the snapshot, or one of those after it that go with it, can't be deleted */
export function demandDeletable<Each extends Stored>(
  vm: Ruled & { name: string },
  first: Each,
  all: readonly Each[],
  withChildren: boolean,
): Each[] {
  const doomed = withChildren ? withThoseAfter(first, all) : [first]
  for (const each of doomed) {
    const ruling = deleteRule(vm, each, all)
    if (ruling !== true) throw conflict(`The snapshot ${each.name} of ${vm.name} can’t be deleted. ${ruling}`)
  }
  return doomed
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
  /** Whether there can be one with memory or of its disks alone while it runs, and one while it is off */
  canHold: { memory: Answer; disks: Answer; off: Answer }
  /** Whether one beside the disks can be gone back to */
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
  const disks = await tx.disk.findMany({ where: { vmId: vm.id } })
  const known = new Set(schedules.map(({ id }) => id))
  const person = (answer: Answer) => (allowed === true ? answer : allowed)
  return {
    snapshots: found.map((snapshot) => ({
      ...snapshot,
      scheduleId: snapshot.scheduleId && known.has(snapshot.scheduleId) ? snapshot.scheduleId : null,
      can: { revert: person(revertRule(vm, snapshot, host)), delete: person(deleteRule(vm, snapshot, found)) },
    })),
    schedules,
    can: { take: person(takeRule(vm)), schedule: allowed },
    canHold: {
      memory: storageRule('internal', disks, found),
      disks: storageRule('external', disks, found),
      off: storageRule(storageOf({ state: 'off' }, false, found), disks, found),
    },
    externalRevert: externalRevertRule(host),
    standstillSeconds: Number(vm.memoryBytes) / savedBytesPerSecond,
    isBackedUp: (await tx.recoveryPoint.count({ where: { vmUuid: vm.uuid, tenantId: vm.tenantId }, take: 1 })) > 0,
  }
}
