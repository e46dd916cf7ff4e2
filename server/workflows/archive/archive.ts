import type { ArchivalPolicy } from '#prisma/generated/client.ts'
import { OriginalDamaged } from '#server/repository/copy.ts'
import { DamageError } from '#server/repository/damage.ts'
import { dayOf, LockedError } from '#server/repository/locked.ts'
import { Meter } from '../meter.ts'
import { type ArchiveMemory, type ArchiveContext as Context, demandGoing, policyOf } from './context.ts'
import { ProofAgain } from './prove-again.ts'
import { releaseLocal } from './release.ts'
import { sendOne } from './send.ts'

/**
 * One after the other: sent, proven, written down, and only then the copy in the datastore is let go. One that is damaged
 * there keeps no other from being archived, but the run has failed.
 */
export async function archive(context: Context): Promise<Partial<ArchiveMemory>> {
  const { send = [], release = [] } = context.memory
  const policy = await policyOf(context)
  const toRelease = new Map(release.map((point) => [point.id, point]))
  const left: string[] = []
  let [archived, archivedBytes, released] = [0, 0, 0]
  let damaged: OriginalDamaged | undefined
  /** Of what is in the archive */
  let suspect: DamageError | undefined
  if (policy) {
    // Each point is gone through twice: sent and read back.
    const totalBytes = await diskBytesOf(context, send)
    const meter = new Meter(context, totalBytes * 2)
    const again = new ProofAgain(context, policy)
    if (policy.localCopy !== 'keep') await again.look(await basesOf(context, policy, send))
    const letGo = async (id: string) => {
      const point = toRelease.get(id)
      if (!point) return
      toRelease.delete(id)
      const reason = await releaseLocal(context, policy, point, (row) => again.prove(row, point.datastoreId))
      if (reason) left.push(reason)
      else released++
    }
    for (const [index, { id, datastoreId, bytes }] of send.entries()) {
      demandGoing(context)
      meter.phase = `${index + 1} of ${send.length}`
      const sent = await sendOne(context, policy, { id, datastoreId, bytes }, { meter, again }).catch((error) => {
        if (error instanceof LockedError) {
          toRelease.delete(id)
          left.push(`One was taken out of the archive store, which can’t take it again before ${dayOf(error.until)}.`)
        } else if (error instanceof OriginalDamaged) damaged ??= error
        else if (error instanceof DamageError) suspect = error
        else throw error
        return undefined
      })
      // What else is there has to be looked at before more is built on it.
      if (suspect) break
      if (!sent) continue
      archived++
      archivedBytes += sent.storedBytes
      if (sent.isProvenNow) await letGo(id)
    }
    await again.look([...toRelease.keys()])
    for (const id of [...toRelease.keys()]) {
      demandGoing(context)
      meter.phase = `letting ${toRelease.size} local copies go`
      await letGo(id)
    }
    left.push(...(await again.forgetOthers(suspect !== undefined)))
  }
  if (suspect ?? damaged) throw suspect ?? damaged
  return { archived, archivedBytes, released, left: left.slice(0, 20) }
}

/** On which of the archive the first of each VM will build. */
async function basesOf(
  { db }: Context,
  { archiveStoreId, tenantId }: ArchivalPolicy,
  points: readonly { id: string }[],
): Promise<string[]> {
  const sent = await db.recoveryPoint.findMany({
    where: { id: { in: points.map(({ id }) => id) } },
    select: { vmUuid: true },
  })
  const newest = await db.archivedPoint.findMany({
    where: { archiveStoreId, tenantId, vmUuid: { in: sent.map(({ vmUuid }) => vmUuid) }, damage: { is: null } },
    orderBy: { takenAt: 'desc' },
    distinct: 'vmUuid',
    select: { id: true },
  })
  return newest.map(({ id }) => id)
}

async function diskBytesOf({ db }: Context, points: readonly { id: string }[]): Promise<number> {
  const { _sum } = await db.recoveryPoint.aggregate({
    where: { id: { in: points.map(({ id }) => id) } },
    _sum: { sizeBytes: true },
  })
  return Number(_sum.sizeBytes ?? 0)
}
