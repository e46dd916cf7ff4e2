import { proveCopy } from '#server/repository/copy.ts'
import { DamageError } from '#server/repository/damage.ts'
import type { RecoveryPoint } from '#server/repository/recovery-point.ts'
import type { Repository } from '#server/repository/repository.ts'
import type { ArchiveContext as Context } from './context.ts'

/** So long what was read back from the archive store counts as proven, and is not paid for again. */
const provenForMs = 30 * 86_400_000
export const isRecentProof = (readBackAt: Date) => readBackAt.getTime() > Date.now() - provenForMs

interface Sent {
  from: Repository
  to: Repository
  original: RecoveryPoint
  parent: { id: string; readBackAt: Date } | null
  onBytes: (bytes: number) => void
}

/** What is found to be another is taken out of the archive again. */
export async function prove({ signal }: Context, { from, to, original, parent, onBytes }: Sent) {
  const startedAt = performance.now()
  const copy = await to.recoveryPoint(original.id)
  const before =
    parent && isRecentProof(parent.readBackAt) ? await to.recoveryPoint(parent.id).catch(() => undefined) : undefined
  const beforeHere = before ? await from.recoveryPoint(before.id).catch(() => undefined) : undefined
  try {
    const proven = before && { copy: before, original: beforeHere }
    const readBackBytes = await proveCopy({ original, copy, proven, onBytes, signal })
    const readBackMs = Math.max(1, Math.round(performance.now() - startedAt))
    return { readBackBytes, readBackMs, readBackAt: before && parent ? parent.readBackAt : new Date() }
  } catch (error) {
    // A store that does not answer proves nothing: what was sent stays there and is not sent again.
    if (error instanceof DamageError) await to.remove(original.id).catch(() => undefined)
    throw error
  } finally {
    await Promise.all([copy.close(), before?.close(), beforeHere?.close()])
  }
}
