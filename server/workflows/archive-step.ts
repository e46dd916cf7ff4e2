import type { ArchivalPolicy, RecoveryPoint as PointRow } from '#prisma/generated/client.ts'
import { planArchival } from '#server/core/archival-plan.ts'
import { archivedThere, pointsUnder, rulesOf } from '#server/core/archival-policy.ts'
import { demandWithinLimits } from '#server/core/archive-limit.ts'
import { grantOf } from '#server/core/archive-store.ts'
import { isBeingRead } from '#server/core/archived-point.ts'
import { CredentialBox } from '#server/core/credential.ts'
import { env } from '#server/env.ts'
import { conflict, notFound, SkerryError } from '#server/errors.ts'
import { copyRecoveryPoint, proveCopy } from '#server/repository/copy.ts'
import { chunkBytes } from '#server/repository/layout.ts'
import type { RecoveryPoint } from '#server/repository/recovery-point.ts'
import type { Repository } from '#server/repository/repository.ts'
import type { ArchivePlan } from '#server/schema/archive.ts'
import type { StepContext } from './define.ts'
import { Meter } from './meter.ts'
import { Cancelled } from './pause.ts'
import { removeRecoveryPoint } from './recovery-point-removal.ts'

export interface ArchiveMemory {
  send: { id: string; datastoreId: string; bytes: number }[]
  release: { id: string; datastoreId: string }[]
  archived: number
  archivedBytes: number
  released: number
  expired: number
  /** What stayed where it was, and why */
  left: string[]
}
export type ArchiveContext = StepContext<ArchivePlan, ArchiveMemory>
type Context = ArchiveContext

const mostAtOnce = 500
const dayMs = 86_400_000
/** So long what was read back from the archive store counts as proven, and is not paid for again. */
const provenForMs = 30 * dayMs

function tenantOf({ operation }: Context): string {
  if (operation.tenantId === null) throw new Error('an archive belongs to a tenant')
  return operation.tenantId
}

async function policyOf(context: Context): Promise<ArchivalPolicy | null> {
  const { db, input } = context
  if (input.policyId === null) return null
  const policy = await db.archivalPolicy.findUnique({ where: { id: input.policyId } })
  if (policy?.tenantId !== tenantOf(context)) throw notFound('archival policy', input.policyId)
  return policy
}

/** What is sent and what leaves, once: run again it is the same. */
export async function plan(context: Context): Promise<Partial<ArchiveMemory>> {
  const policy = await policyOf(context)
  if (!policy) return { send: [], release: [] }
  const { db } = context
  const tenantId = tenantOf(context)
  const rules = rulesOf(policy)
  // The provider may have changed its mind since the policy was written.
  const grant = await grantOf(db, rules.archiveStoreId, tenantId)
  demandWithinLimits(rules, grant, grant.archiveStore)
  const archived = await archivedThere(db, tenantId, rules.archiveStoreId)
  const { send, release } = planArchival(rules, await pointsUnder(db, tenantId, rules), archived, new Date())
  return { send: send.slice(0, mostAtOnce), release: release.slice(0, mostAtOnce * 4) }
}

/** One after the other: sent, proven, written down, and only then the copy in the datastore is let go. */
export async function archive(context: Context): Promise<Partial<ArchiveMemory>> {
  const { send = [], release = [] } = context.memory
  const policy = await policyOf(context)
  const toRelease = new Map(release.map((point) => [point.id, point]))
  const left: string[] = []
  let [archived, archivedBytes, released] = [0, 0, 0]
  if (policy) {
    // Each point is gone through twice: sent and read back.
    const totalBytes = await diskBytesOf(context, send)
    const meter = new Meter(context, totalBytes * 2)
    const letGo = async (id: string) => {
      const point = toRelease.get(id)
      if (!point) return
      toRelease.delete(id)
      const reason = await releaseLocal(context, policy, point)
      if (reason) left.push(reason)
      else released++
    }
    for (const [index, { id, datastoreId, bytes }] of send.entries()) {
      demandGoing(context)
      meter.phase = `${index + 1} of ${send.length}`
      const stored = await sendOne(context, policy, { id, datastoreId, bytes }, meter)
      if (stored !== null) {
        archived++
        archivedBytes += stored
      }
      await letGo(id)
    }
    for (const id of [...toRelease.keys()]) {
      demandGoing(context)
      await letGo(id)
    }
  }
  return { archived, archivedBytes, released, left: left.slice(0, 20) }
}

function demandGoing({ signal }: Pick<Context, 'signal'>) {
  if (signal.aborted) throw new Cancelled()
}

async function diskBytesOf({ db }: Context, points: readonly { id: string }[]): Promise<number> {
  const { _sum } = await db.recoveryPoint.aggregate({
    where: { id: { in: points.map(({ id }) => id) } },
    _sum: { sizeBytes: true },
  })
  return Number(_sum.sizeBytes ?? 0)
}

/** @returns what it added to the archive store, or null when it is in no datastore any more */
async function sendOne(
  context: Context,
  policy: ArchivalPolicy,
  { id, datastoreId, bytes }: { id: string; datastoreId: string; bytes: number },
  meter: Meter,
): Promise<number | null> {
  const { db, repositories, signal } = context
  const { archiveStoreId } = policy
  const tenantId = tenantOf(context)
  const known = await db.archivedPoint.findUnique({ where: { id_archiveStoreId: { id, archiveStoreId } } })
  if (known) return Number(known.storedBytes)
  const row = await db.recoveryPoint.findFirst({ where: { id, datastoreId, tenantId } })
  // Its own policy has removed it meanwhile.
  if (!row) return null
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
  const original = await from.recoveryPoint(id)
  try {
    const parent = await parentOf(context, archiveStoreId, row)
    if (await to.describe(id)) onBytes(Number(row.sizeBytes))
    else
      await copyRecoveryPoint({ from, to, point: original, parentId: parent?.id, label: labelOf(row), onBytes, signal })
    const proof = await prove(context, { from, to, original, parent, onBytes })
    await record(context, policy, row, { to, tookMs: Math.round(performance.now() - startedAt), ...proof })
    const written = await to.describe(id)
    return written?.description.storedBytes ?? 0
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

/** The newest in the archive before this one: the first of all is sent whole. */
const parentOf = ({ db }: Context, archiveStoreId: string, { vmUuid, tenantId, takenAt }: PointRow) =>
  db.archivedPoint.findFirst({
    where: { archiveStoreId, vmUuid, tenantId: tenantId ?? '', takenAt: { lt: takenAt } },
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

interface Sent {
  from: Repository
  to: Repository
  original: RecoveryPoint
  parent: { id: string; readBackAt: Date } | null
  onBytes: (bytes: number) => void
}

/** What is not proven is taken out of the archive again. */
async function prove({ signal }: Context, { from, to, original, parent, onBytes }: Sent) {
  const startedAt = performance.now()
  const copy = await to.recoveryPoint(original.id)
  const isRecent = parent && parent.readBackAt.getTime() > Date.now() - provenForMs
  const before = isRecent ? await to.recoveryPoint(parent.id).catch(() => undefined) : undefined
  const beforeHere = before ? await from.recoveryPoint(before.id).catch(() => undefined) : undefined
  try {
    const proven = before && { copy: before, original: beforeHere }
    const readBackBytes = await proveCopy({ original, copy, proven, onBytes, signal })
    const readBackMs = Math.max(1, Math.round(performance.now() - startedAt))
    return { readBackBytes, readBackMs, readBackAt: before && parent ? parent.readBackAt : new Date() }
  } catch (error) {
    if (error instanceof SkerryError && !signal.aborted) await to.remove(original.id).catch(() => undefined)
    throw error
  } finally {
    await Promise.all([copy.close(), before?.close(), beforeHere?.close()])
  }
}

async function record(
  context: Context,
  policy: ArchivalPolicy,
  row: PointRow,
  proof: { to: Repository; tookMs: number; readBackBytes: number; readBackMs: number; readBackAt: Date },
): Promise<void> {
  const { to, tookMs, readBackMs, readBackAt } = proof
  const { id, vmId, vmUuid, vmName, takenAt, consistency, disks, sizeBytes, definition } = row
  const description = (await to.describe(id))?.description
  if (!description) throw conflict('The recovery point was taken out of the archive while it was proven.', 'Try again.')
  const chunkCount = description.disks.reduce((sum, disk) => sum + disk.chunkCount, 0)
  const expiresAt = new Date(Date.now() + policy.keepDays * dayMs)
  await context.db.archivedPoint.createMany({
    skipDuplicates: true,
    data: [
      {
        ...{ id, vmId, vmUuid, vmName, takenAt, consistency, sizeBytes, definition, disks: disks ?? [] },
        ...{ archiveStoreId: policy.archiveStoreId, tenantId: policy.tenantId, policyId: policy.id },
        contentBytes: BigInt(chunkCount * chunkBytes),
        storedBytes: BigInt(description.storedBytes),
        ...{ tookMs, readBackBytes: BigInt(proof.readBackBytes), readBackMs, readBackAt, expiresAt },
      },
    ],
  })
}

/** @returns why it stays, or null when it is gone or invalid */
async function releaseLocal(
  context: Context,
  { archiveStoreId, localCopy }: ArchivalPolicy,
  { id, datastoreId }: { id: string; datastoreId: string },
): Promise<string | null> {
  const { db, repositories } = context
  const tenantId = tenantOf(context)
  const where = { id_archiveStoreId: { id, archiveStoreId } }
  const archived = await db.archivedPoint.findUnique({ where, select: { tenantId: true } })
  // Never without the proven copy, by the row that says so and by the archive itself.
  if (archived?.tenantId !== tenantId) return 'One is not in the archive: its local copy stays.'
  const there = await repositories.archives.repository(archiveStoreId, tenantId)
  if (!(await there.describe(id))) return 'One is gone from the archive store: its local copy stays.'
  if (localCopy === 'invalidate') {
    await db.recoveryPoint.updateMany({ where: { id, tenantId, invalidAt: null }, data: { invalidAt: new Date() } })
    return null
  }
  try {
    await removeRecoveryPoint(context, datastoreId, id)
    return null
  } catch (error) {
    if (error instanceof SkerryError && error.code === 'conflict') return error.message
    throw error
  }
}

/** Removes what has been kept for its time and is not locked: its row first, so that no row names what is gone. */
export async function expire(context: Context): Promise<Partial<ArchiveMemory>> {
  const { db, input, repositories } = context
  const { archiveStoreId } = input
  const tenantId = tenantOf(context)
  const now = new Date()
  const due = await db.archivedPoint.findMany({
    where: {
      ...{ archiveStoreId, tenantId, expiresAt: { lte: now } },
      OR: [{ lockedUntil: null }, { lockedUntil: { lte: now } }],
    },
    select: { id: true },
    take: mostAtOnce,
  })
  const repository = await repositories.archives.repository(archiveStoreId, tenantId)
  let expired = 0
  for (const { id } of due) {
    demandGoing(context)
    context.progress({ phase: 'removing what has expired', done: expired, total: due.length, unit: 'items' })
    const isGone = await db.$transaction(async (tx) => {
      // Whoever asks for a restore holds on to it until that is written down.
      await tx.$queryRaw`SELECT FROM archived_point
        WHERE id = ${id}::uuid AND archive_store_id = ${archiveStoreId}::uuid FOR UPDATE`
      if (await isBeingRead(tx, id)) return false
      await tx.archivedPoint.deleteMany({ where: { id, archiveStoreId, tenantId } })
      return true
    })
    if (!isGone) continue
    expired++
    await repository.remove(id).catch(unlessGone)
  }
  // Of an expiry that broke off. What is in a datastore still may be on its way here.
  for await (const id of repository.recoveryPointIds()) {
    const [archived, local] = [
      await db.archivedPoint.count({ where: { id, archiveStoreId } }),
      await db.recoveryPoint.count({ where: { id } }),
    ]
    if (archived + local === 0) await repository.remove(id).catch(unlessGone)
  }
  if (expired > 0) await repository.collect()
  return { expired }
}

function unlessGone(error: unknown): void {
  if (!(error instanceof SkerryError && error.code === 'not-found')) throw error
}
