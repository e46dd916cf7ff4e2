import type { ArchivedPoint } from '#prisma/generated/client.ts'
import { OriginalDamaged } from '#server/repository/copy.ts'
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
  if (policy) {
    // Each point is gone through twice: sent and read back.
    const totalBytes = await diskBytesOf(context, send)
    const meter = new Meter(context, totalBytes * 2)
    const letGo = async (id: string, again?: ProofAgain) => {
      const point = toRelease.get(id)
      if (!point) return
      toRelease.delete(id)
      // What was sent just now was proven just now.
      const prove = again ? (row: ArchivedPoint) => again.prove(row, point.datastoreId) : async () => null
      const reason = await releaseLocal(context, policy, point, prove)
      if (reason) left.push(reason)
      else released++
    }
    for (const [index, { id, datastoreId, bytes }] of send.entries()) {
      demandGoing(context)
      meter.phase = `${index + 1} of ${send.length}`
      const sent = await sendOne(context, policy, { id, datastoreId, bytes }, meter).catch((error) => {
        if (error instanceof LockedError) {
          toRelease.delete(id)
          left.push(`One was taken out of the archive store, which can’t take it again before ${dayOf(error.until)}.`)
        } else if (error instanceof OriginalDamaged) damaged ??= error
        else throw error
        return undefined
      })
      if (!sent) continue
      archived++
      archivedBytes += sent.storedBytes
      if (sent.isProvenNow) await letGo(id)
    }
    const again = new ProofAgain(context, policy.archiveStoreId)
    await again.look([...toRelease.keys()])
    for (const id of [...toRelease.keys()]) {
      demandGoing(context)
      meter.phase = `letting ${toRelease.size} local copies go`
      await letGo(id, again)
    }
    left.push(...(await again.forgetOthers()))
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
