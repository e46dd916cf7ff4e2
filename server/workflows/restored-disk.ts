import { CredentialBox } from '#server/core/credential.ts'
import { taggedName } from '#server/core/volume-name.ts'
import { env } from '#server/env.ts'
import { notFound } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { StepContext } from './define.ts'
import { type MadeVolume, removeMade, volumeAt } from './new-vm.ts'
import { type DiskWriting, type Written, writeDisks } from './write-disks.ts'

/** A volume that becomes a disk of a recovery point. */
export interface RestoredDisk extends MadeVolume {
  target: string
  sizeBytes: number
}

interface Plan {
  recoveryPointId: string
  /** Null where it is read from an archive store */
  datastoreId: string | null
  archiveStoreId?: string | null
  hostId: string
  pool: string
  /** Of the VM to be */
  name: string
  /** Targets (vda …) */
  disks: readonly string[]
}
type Context = StepContext<Plan, object>

/** Straight from the archive, where it was asked so: all that is not zeros is read there. */
function repositoryOf({ repositories, input, operation }: Context) {
  const { archiveStoreId = null, datastoreId } = input
  if (archiveStoreId !== null && operation.tenantId !== null) {
    return repositories.archives.repository(archiveStoreId, operation.tenantId)
  }
  if (datastoreId === null) throw new Error('an archive belongs to a tenant')
  return repositories.repository(datastoreId, operation.tenantId)
}

/** Of the volume that becomes a disk of a VM. */
export const restoredName = (vmName: string, target: string, operationId: string): string =>
  taggedName(`${vmName}-${target}.qcow2`, operationId)

/** Names the volumes. @throws not-found without the recovery point */
export async function planRestored(context: Context): Promise<RestoredDisk[]> {
  const { input, operation } = context
  const point = await (await repositoryOf(context)).describe(input.recoveryPointId)
  if (!point) throw notFound('recovery point', input.recoveryPointId)
  const disks: RestoredDisk[] = []
  for (const { name: target, sizeBytes } of point.description.disks) {
    if (!input.disks.includes(target)) continue
    const name = restoredName(input.name, target, operation.id)
    disks.push({ ...(await volumeAt(context, input.hostId, input.pool, name)), target, sizeBytes })
  }
  return disks
}

/** Anew, with nothing in them. */
export async function makeEmpty(
  context: Pick<Context, 'db' | 'operation' | 'signal' | 'progress'>,
  host: HypervisorHost,
  disks: readonly RestoredDisk[],
): Promise<void> {
  context.progress({ phase: 'making the disks' })
  for (const volume of disks) {
    await removeMade(context, host, volume)
    const { pool, name, sizeBytes } = volume
    await host.createVolume(pool, { name, format: 'qcow2', capacityBytes: sizeBytes }, { signal: context.signal })
  }
}

/** Anew whenever it runs: of a half-written one nobody knows which half. */
export async function writeRestored(
  context: Context,
  host: HypervisorHost,
  disks: readonly RestoredDisk[],
): Promise<Written> {
  const { input, operation } = context
  await host.closeDisks(operation.id)
  await makeEmpty(context, host, disks)
  const point = await (await repositoryOf(context)).recoveryPoint(input.recoveryPointId)
  try {
    const writings = disks.map(
      ({ target }): DiskWriting => ({
        target,
        bytes: point.contentBytes(target),
        parts: point.contents(target),
      }),
    )
    const opened = disks.map(({ target, path }) => ({ target, path, format: 'qcow2' as const }))
    return await writeDisks(context, host, { holder: operation.id, disks: opened }, writings)
  } finally {
    await point.close()
  }
}

/** What the VM was defined by when the recovery point was taken. */
export async function definitionThen({ db, input }: Pick<Context, 'db' | 'input'>): Promise<string> {
  const { recoveryPointId: id, archiveStoreId = null } = input
  const select = { definition: true } as const
  const point =
    archiveStoreId === null
      ? await db.recoveryPoint.findUnique({ where: { id }, select })
      : await db.archivedPoint.findUnique({ where: { id_archiveStoreId: { id, archiveStoreId } }, select })
  if (!point) throw notFound('recovery point', id)
  return String(CredentialBox.fromText(env().SKERRY_KEY).open(point.definition, id))
}

export const pathsOf = (disks: readonly RestoredDisk[]): Record<string, string> =>
  Object.fromEntries(disks.map(({ target, path }) => [target, path]))
