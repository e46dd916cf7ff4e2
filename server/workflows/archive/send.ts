import type { ArchivalPolicy, RecoveryPoint as PointRow } from '#prisma/generated/client.ts'
import { grantOf } from '#server/core/archive-store.ts'
import { CredentialBox } from '#server/core/credential.ts'
import { env } from '#server/env.ts'
import { conflict } from '#server/errors.ts'
import { asOriginalError, copyRecoveryPoint } from '#server/repository/copy.ts'
import { chunkBytes } from '#server/repository/layout.ts'
import type { Repository } from '#server/repository/repository.ts'
import { keptUntil, type LockMode } from '#server/schema/archive.ts'
import type { Meter } from '../meter.ts'
import { Cancelled } from '../pause.ts'
import { type ArchiveContext as Context, demandGoing, tenantOf } from './context.ts'
import { prove } from './prove.ts'
import type { ProofAgain } from './prove-again.ts'

export interface Sent {
  /** What it added to the archive store */
  readonly storedBytes: number
  /** Proven now, not in an earlier run */
  readonly isProvenNow: boolean
}

/**
 * @returns nothing when it is in no datastore any more
 * @throws OriginalDamaged
 */
export async function sendOne(
  context: Context,
  policy: ArchivalPolicy,
  { id, datastoreId, bytes }: { id: string; datastoreId: string; bytes: number },
  { meter, again }: { meter: Meter; again: ProofAgain },
): Promise<Sent | undefined> {
  const { db, repositories, signal } = context
  const { archiveStoreId } = policy
  const tenantId = tenantOf(context)
  const known = await db.archivedPoint.findUnique({ where: { id_archiveStoreId: { id, archiveStoreId } } })
  if (known) return { storedBytes: Number(known.storedBytes), isProvenNow: false }
  const row = await db.recoveryPoint.findFirst({ where: { id, datastoreId, tenantId } })
  // Its own policy has removed it meanwhile.
  if (!row) return undefined
  await demandRoom(context, policy, bytes)
  const [from, to] = [
    await repositories.repository(datastoreId, tenantId),
    await repositories.archives.repository(archiveStoreId, tenantId),
  ]
  const startedAt = performance.now()
  const onBytes = (more: number) => {
    demandGoing(context)
    meter.add(more)
  }
  const original = await from.recoveryPoint(id).catch(asOriginalError)
  try {
    const before = await parentOf(context, archiveStoreId, row)
    // What shares with one that misses something is not there either, and its local copy may go.
    const mayGo = policy.localCopy !== 'keep'
    const parent = before && (!mayGo || (await again.isWhole(before.id))) ? before : null
    if (await to.describe(id)) onBytes(Number(row.sizeBytes))
    else
      await copyRecoveryPoint({ from, to, point: original, parentId: parent?.id, label: labelOf(row), onBytes, signal })
    const proof = await prove(context, { from, to, original, parent, onBytes })
    // The local copy goes only once nobody can delete this one.
    const until = keptUntil(new Date(), policy.keepDays)
    if (policy.lock) await to.hold(id, { until, mode: policy.lock as LockMode, signal })
    await record(context, policy, row, { to, until, tookMs: Math.round(performance.now() - startedAt), ...proof })
    if (mayGo) again.wasSent(id)
    const written = await to.describe(id)
    return { storedBytes: written?.description.storedBytes ?? 0, isProvenNow: true }
  } catch (error) {
    if (signal.aborted) throw new Cancelled()
    throw error
  } finally {
    await original.close()
  }
}

/** @throws conflict when it would be more than the provider allows the tenant there */
async function demandRoom(context: Context, { archiveStoreId }: ArchivalPolicy, bytes: number): Promise<void> {
  const { db } = context
  const tenantId = tenantOf(context)
  const { maxBytes } = await grantOf(db, archiveStoreId, tenantId)
  if (maxBytes === null) return
  const { _sum } = await db.archivedPoint.aggregate({
    where: { archiveStoreId, tenantId },
    _sum: { storedBytes: true },
  })
  if (Number(_sum.storedBytes ?? 0) + bytes <= Number(maxBytes)) return
  throw conflict(
    'The next recovery point may not fit what the tenant may store in the archive.',
    'Keep them for less time there, archive fewer of them, or ask the provider for more. Nothing was lost.',
  )
}

/** The newest in the archive before this one that is not known to be damaged: the first of all is sent whole. */
const parentOf = ({ db }: Context, archiveStoreId: string, { vmUuid, tenantId, takenAt }: PointRow) =>
  db.archivedPoint.findFirst({
    where: { archiveStoreId, vmUuid, tenantId: tenantId ?? '', takenAt: { lt: takenAt }, damage: { is: null } },
    orderBy: { takenAt: 'desc' },
    select: { id: true, readBackAt: true },
  })

/** All that a VM is made of again where nothing of Skerry is left but the store and the key. */
function labelOf(row: PointRow): Record<string, string> {
  const definition = CredentialBox.fromText(env().SKERRY_KEY).open(row.definition, row.id)
  return {
    ...{ vm: row.vmUuid, name: row.vmName, takenAt: row.takenAt.toISOString(), consistency: row.consistency },
    definition: String(definition),
  }
}

async function record(
  context: Context,
  policy: ArchivalPolicy,
  row: PointRow,
  proof: { to: Repository; until: Date; tookMs: number; readBackBytes: number; readBackMs: number; readBackAt: Date },
): Promise<void> {
  const { to, until, tookMs, readBackMs, readBackAt } = proof
  const { id, vmId, vmUuid, vmName, takenAt, consistency, disks, shape, sizeBytes, definition } = row
  const description = (await to.describe(id))?.description
  if (!description) throw conflict('The recovery point was taken out of the archive while it was proven.', 'Try again.')
  const chunkCount = description.disks.reduce((sum, disk) => sum + disk.chunkCount, 0)
  await context.db.archivedPoint.createMany({
    skipDuplicates: true,
    data: [
      {
        ...{ id, vmId, vmUuid, vmName, takenAt, consistency, sizeBytes, definition, disks: disks ?? [] },
        shape: shape ?? {},
        ...{ archiveStoreId: policy.archiveStoreId, tenantId: policy.tenantId, policyId: policy.id },
        contentBytes: BigInt(chunkCount * chunkBytes),
        storedBytes: BigInt(description.storedBytes),
        ...{ tookMs, readBackBytes: BigInt(proof.readBackBytes), readBackMs, readBackAt },
        ...{ expiresAt: until, lock: policy.lock, lockedUntil: policy.lock ? until : null },
      },
    ],
  })
}
