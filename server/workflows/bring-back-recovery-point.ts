/**
 * Brings a recovery point back from an archive store into a datastore, under its id: of what the datastore has of the VM
 * already nothing is read from the archive. It stays in the archive. Where the copy in the datastore is there, though
 * invalid, that one is made valid again.
 */
import { conflict, notFound } from '#server/errors.ts'
import { unlikeChunks } from '#server/repository/copy.ts'
import { chunkBytes } from '#server/repository/layout.ts'
import type { RecoveryPoint } from '#server/repository/recovery-point.ts'
import type { Repository } from '#server/repository/repository.ts'
import { BringBackInput } from '#server/schema/archive.ts'
import { defineWorkflow, type StepContext } from './define.ts'
import { Meter } from './meter.ts'
import { Cancelled } from './pause.ts'

interface Memory {
  readBytes: number
  storedBytes: number
  tookMs: number
}
type Context = StepContext<BringBackInput, Memory>

function tenantOf({ operation }: Context): string {
  if (operation.tenantId === null) throw new Error('an archive belongs to a tenant')
  return operation.tenantId
}

async function rowOf(context: Context) {
  const { recoveryPointId: id, archiveStoreId } = context.input
  const row = await context.db.archivedPoint.findUnique({ where: { id_archiveStoreId: { id, archiveStoreId } } })
  if (row?.tenantId !== tenantOf(context)) throw notFound('recovery point', id)
  return row
}

async function fetchIt(context: Context): Promise<Partial<Memory>> {
  const { db, input, repositories } = context
  const { recoveryPointId: id, datastoreId, archiveStoreId } = input
  const tenantId = tenantOf(context)
  const row = await rowOf(context)
  const local = await db.recoveryPoint.findUnique({ where: { id }, select: { datastoreId: true } })
  if (local && local.datastoreId !== datastoreId) {
    throw conflict(
      'The recovery point is in another datastore already.',
      'Bring it back there, or restore it from there.',
    )
  }
  const to = await repositories.repository(datastoreId, tenantId)
  const startedAt = performance.now()
  const there = await to.describe(id)
  if (there) return { readBytes: 0, storedBytes: there.description.storedBytes, tookMs: 0 }
  const archive = await repositories.archives.repository(archiveStoreId, tenantId)
  const point = await archive.recoveryPoint(id)
  try {
    const readBytes = await copyBack(context, to, point, await newestHere(context, to, row.vmUuid))
    const written = await to.describe(id)
    const tookMs = Math.round(performance.now() - startedAt)
    return { readBytes, storedBytes: written?.description.storedBytes ?? 0, tookMs }
  } finally {
    await point.close()
  }
}

/** The one of the VM's recovery points here that is likely to have most in common. */
async function newestHere({ db, input, operation }: Context, to: Repository, vmUuid: string) {
  const newest = await db.recoveryPoint.findFirst({
    where: { vmUuid, datastoreId: input.datastoreId, tenantId: operation.tenantId },
    orderBy: { takenAt: 'desc' },
    select: { id: true },
  })
  return newest && (await to.describe(newest.id)) ? newest.id : undefined
}

/** @returns how much was read from the archive */
async function copyBack(context: Context, to: Repository, point: RecoveryPoint, parentId: string | undefined) {
  const { signal } = context
  await to.freeId(point.id)
  const disks = point.description.disks.map(({ name, sizeBytes }) => ({ name, sizeBytes }))
  const near = parentId ? await to.recoveryPoint(parentId) : undefined
  const isSameShape =
    near &&
    disks.every(({ name, sizeBytes }) =>
      near.description.disks.some((disk) => disk.name === name && disk.sizeBytes === sizeBytes),
    )
  const request = { id: point.id, disks, label: { vm: point.description.label.vm ?? '' } }
  const starting = to.startBackup({ ...request, ...(isSameShape ? { parentId } : {}) })
  const writer = await starting.catch(async (error) => {
    await near?.close()
    throw error
  })
  const meter = new Meter(
    context,
    disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  )
  meter.phase = 'reading from the archive'
  let readBytes = 0
  try {
    for (const { name } of disks) {
      const indexes: number[] = []
      if (isSameShape && near) for await (const { index } of unlikeChunks(near, point, name)) indexes.push(index)
      const parts = isSameShape
        ? point.chunks(
            name,
            indexes.sort((a, b) => a - b),
          )
        : point.contents(name)
      for await (const { offset, bytes } of parts) {
        if (signal.aborted) throw new Cancelled()
        if (bytes) {
          await writer.write(name, offset / chunkBytes, bytes)
          readBytes += bytes.length
        } else await writer.writeZeros(name, offset / chunkBytes, 1)
        meter.add(chunkBytes)
      }
    }
    await writer.commit()
    return readBytes
  } catch (error) {
    await writer.abort()
    throw error
  } finally {
    await near?.close()
  }
}

export const bringBackRecoveryPoint = defineWorkflow<BringBackInput, Memory>({
  kind: 'bring-back-recovery-point',
  input: BringBackInput,
  result: ({ readBytes = 0, storedBytes = 0 }) => ({ readBytes, storedBytes }),
  steps: [
    {
      name: 'fetch',
      do: fetchIt,
      undo: async (context) => {
        const { recoveryPointId: id, datastoreId } = context.input
        // What a row names was there before.
        if (await context.db.recoveryPoint.findUnique({ where: { id }, select: { id: true } })) return undefined
        const repository = await context.repositories.repository(datastoreId, tenantOf(context))
        if (!(await repository.describe(id))) return undefined
        await repository.remove(id)
        return 'removed what was fetched'
      },
    },
    {
      name: 'record',
      do: async (context) => {
        const { db, input, memory } = context
        const { id, tenantId, vmId, vmUuid, vmName, takenAt, consistency, disks, shape, sizeBytes, definition } =
          await rowOf(context)
        const { readBytes = 0, storedBytes = 0, tookMs = 0 } = memory
        await db.recoveryPoint.createMany({
          skipDuplicates: true,
          data: [
            {
              ...{ id, tenantId, vmId, vmUuid, vmName, takenAt, consistency, sizeBytes, definition, tookMs },
              ...{ datastoreId: input.datastoreId, reading: 'full', disks: disks ?? [] },
              shape: shape ?? {},
              ...{ readBytes: BigInt(readBytes), storedBytes: BigInt(storedBytes) },
            },
          ],
        })
        await db.recoveryPoint.updateMany({ where: { id, tenantId }, data: { invalidAt: null } })
        return undefined
      },
    },
  ],
})
