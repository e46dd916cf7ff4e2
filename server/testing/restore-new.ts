import { join } from 'node:path'
import type { z } from 'zod'
import { run } from '#lab/command.ts'
import { CredentialBox } from '#server/core/credential.ts'
import { requestRestoreNew, restorablePoint } from '#server/core/restore-new-vm.ts'
import { env } from '#server/env.ts'
import { CloneRecoveryPointInput, RestoreNewVmInput } from '#server/schema/backup.ts'
import { backupTrial } from './backup-proof.ts'
import type { FleetGuest, FleetHost, TestFleet } from './fleet.ts'

const actor = { kind: 'user' as const, id: 'tester', name: 'Tester' }

/** The row of a recovery point that was written into a datastore by hand, of the guest as its host defines it now. */
export async function recoveryPointRow(
  { db }: TestFleet,
  { lab }: FleetHost,
  guest: FleetGuest,
  { id, datastoreId, tenantId = null }: { id: string; datastoreId: string; tenantId?: string | null },
): Promise<string> {
  const definition = await lab.virsh('dumpxml', '--inactive', '--security-info', guest.name)
  const vm = await db.vm.findUniqueOrThrow({ where: { id: guest.id }, include: { disks: true, interfaces: true } })
  const disks = vm.disks.map(({ target, capacityBytes }) => ({ target, sizeBytes: Number(capacityBytes) }))
  await db.recoveryPoint.create({
    data: {
      ...{ id, vmId: vm.id, vmUuid: vm.uuid, vmName: vm.name, datastoreId, tenantId, takenAt: new Date() },
      ...{ consistency: 'off', reading: 'full', disks, sizeBytes: 1n, readBytes: 1n, storedBytes: 1n, tookMs: 1 },
      definition: CredentialBox.fromText(env().SKERRY_KEY).seal(definition, id),
      shape: {
        ...{ vcpuCount: vm.vcpuCount, memoryBytes: Number(vm.memoryBytes), architecture: vm.architecture },
        ...{ machineType: vm.machineType, cpuMode: vm.cpuMode, accelerator: vm.accelerator },
        cards: vm.interfaces.map(({ mac, networkName }) => ({ mac, network: networkName })),
      },
    },
  })
  return id
}

/**
 * A guest that is off, for one trial of a workflow that makes something of a recovery point: `raw` is its disk then. There
 * is no system on that unless `hasSystem`.
 */
export async function pointTrial(fleet: TestFleet, name: string, { hasSystem = false }: { hasSystem?: boolean } = {}) {
  const host = fleet.host('a')
  const trial = await backupTrial(fleet, name, { off: true, isEmpty: !hasSystem })
  const raw = join(trial.folder, 'then.raw')
  await run('qemu-img', ['convert', '-U', '-O', 'raw', host.lab.outsidePath(trial.guest.diskPath), raw])
  /** One more of the same. @returns its id */
  const newer = async () => recoveryPointRow(fleet, host, trial.guest, { ...trial, id: await trial.pointOf(raw) })
  return { ...trial, raw, newer, recoveryPointId: await newer() }
}

/** Asks for a new VM of a recovery point, as the API does. */
export async function askRestoreNew(
  { db }: TestFleet,
  recoveryPointId: string,
  more: Omit<z.input<typeof RestoreNewVmInput>, 'recoveryPointId'>,
) {
  const input = RestoreNewVmInput.parse({ recoveryPointId, ...more })
  return db.$transaction(async (tx) => {
    const point = await restorablePoint(tx, input)
    return requestRestoreNew({ tx, actor, requestId: null }, point, 'restore-new-vm', input, null)
  })
}

/** Asks for a clone of a recovery point, as the API does. */
export async function askClonePoint(
  { db }: TestFleet,
  recoveryPointId: string,
  more: Omit<z.input<typeof CloneRecoveryPointInput>, 'recoveryPointId'>,
) {
  const input = CloneRecoveryPointInput.parse({ recoveryPointId, ...more })
  return db.$transaction(async (tx) => {
    const point = await restorablePoint(tx, input)
    return requestRestoreNew({ tx, actor, requestId: null }, point, 'clone-recovery-point', input, null)
  })
}
