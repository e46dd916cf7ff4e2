import { OriginalDamaged } from '#server/repository/copy.ts'
import { DamageError } from '#server/repository/damage.ts'
import { dayOf, LockedError } from '#server/repository/locked.ts'
import { Meter } from '../meter.ts'
import { type ArchiveMemory, type ArchiveContext as Context, demandGoing, policyOf } from './context.ts'
import { type Archived, ProofAgain } from './prove-again.ts'
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
  let damaged: OriginalDamaged | DamageError | undefined
  if (policy) {
    // Each point is gone through twice: sent and read back.
    const totalBytes = await diskBytesOf(context, send)
    const meter = new Meter(context, totalBytes * 2)
    const again = new ProofAgain(context, policy)
    const letGo = async (id: string, isProven: boolean) => {
      const point = toRelease.get(id)
      if (!point) return
      toRelease.delete(id)
      const prove = async (row: Archived) => (isProven ? null : again.prove(row, point.datastoreId))
      const reason = await releaseLocal(context, policy, point, prove)
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
        } else if (error instanceof OriginalDamaged || error instanceof DamageError) damaged ??= error
        else throw error
        return undefined
      })
      // What else is there has to be looked at before more is built on it.
      if (damaged instanceof DamageError) break
      if (!sent) continue
      archived++
      archivedBytes += sent.storedBytes
      if (sent.isProvenNow) await letGo(id, true)
    }
    await again.look([...toRelease.keys()])
    for (const id of [...toRelease.keys()]) {
      demandGoing(context)
      meter.phase = `letting ${toRelease.size} local copies go`
      await letGo(id, false)
    }
    left.push(...(await again.forgetOthers(damaged instanceof DamageError)))
  }
  if (damaged) throw damaged
  return { archived, archivedBytes, released, left: left.slice(0, 20) }
}

async function diskBytesOf({ db }: Context, points: readonly { id: string }[]): Promise<number> {
  const { _sum } = await db.recoveryPoint.aggregate({
    where: { id: { in: points.map(({ id }) => id) } },
    _sum: { sizeBytes: true },
  })
  return Number(_sum.sizeBytes ?? 0)
}
