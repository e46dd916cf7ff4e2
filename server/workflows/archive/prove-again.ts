import type { ArchivedPoint } from '#prisma/generated/client.ts'
import { forgetArchivedPoint } from '#server/core/archived-point.ts'
import { asOriginalError, OriginalDamaged, proveCopy } from '#server/repository/copy.ts'
import { DamageError } from '#server/repository/damage.ts'
import { dayOf } from '#server/repository/locked.ts'
import { Cancelled } from '../pause.ts'
import { type ArchiveContext as Context, tenantOf, unlessGone } from './context.ts'
import { isRecentProof } from './prove.ts'

/** What the archive store has of some recovery points is looked at for all of them at once, before any local copy goes. */
export class ProofAgain {
  readonly #context: Context
  readonly #archiveStoreId: string
  /** Those that were looked at, and whether they miss something */
  readonly #isBroken = new Map<string, boolean>()

  constructor(context: Context, archiveStoreId: string) {
    this.#context = context
    this.#archiveStoreId = archiveStoreId
  }

  /** Of all that is in the archive it must be there in its full length. */
  async look(ids: readonly string[]): Promise<void> {
    const { db, signal } = this.#context
    const tenantId = tenantOf(this.#context)
    const where = { tenantId, archiveStoreId: this.#archiveStoreId, id: { in: [...ids] } }
    const archived = await db.archivedPoint.findMany({ where, select: { id: true } })
    if (archived.length === 0) return
    try {
      const broken = await (await this.#there()).brokenOf(
        archived.map(({ id }) => id),
        signal,
      )
      for (const { id } of archived) this.#isBroken.set(id, broken.has(id))
    } catch (error) {
      throw signal.aborted ? new Cancelled() : error
    }
  }

  /**
   * What was proven long ago is read back whole once more.
   * @returns why the local copy has to stay, or null when the archive has all of it
   */
  async prove(archived: ArchivedPoint, datastoreId: string): Promise<string | null> {
    const { signal } = this.#context
    const { id, readBackAt } = archived
    if (!this.#isBroken.has(id)) await this.look([id])
    if (this.#isBroken.get(id)) return this.#forget(id)
    if (isRecentProof(readBackAt)) return null
    try {
      await this.#readBack(archived, datastoreId)
      return null
    } catch (error) {
      if (signal.aborted) throw new Cancelled()
      if (error instanceof OriginalDamaged) return `One stays in its datastore, where it is damaged. ${error.message}`
      if (!(error instanceof DamageError)) throw error
      this.#isBroken.set(id, true)
      return this.#forget(id)
    }
  }

  /**
   * Where one was broken, and what a verify found to be: what misses something and has a sound local copy leaves the
   * archive too, so that the next run sends it again.
   * @returns why those stay
   */
  async forgetOthers(): Promise<string[]> {
    const { db } = this.#context
    const tenantId = tenantOf(this.#context)
    const where = { tenantId, archiveStoreId: this.#archiveStoreId }
    const isBroken = [...this.#isBroken.values()].includes(true)
    const archived = await db.archivedPoint.findMany({
      where: isBroken ? where : { ...where, damage: { isNot: null } },
      select: { id: true },
    })
    const ids = archived.map(({ id }) => id).filter((id) => !this.#isBroken.has(id))
    const local = await db.recoveryPoint.findMany({
      where: { tenantId, id: { in: ids }, damage: { is: null } },
      select: { id: true },
    })
    await this.look(local.map(({ id }) => id))
    const left: string[] = []
    for (const { id } of local) if (this.#isBroken.get(id)) left.push(await this.#forget(id))
    return left
  }

  /**
   * Takes what is damaged out of the archive. What nobody can delete yet stays, with its row: what is locked can't be sent
   * again under its id.
   * @returns why the local copy stays
   */
  async #forget(id: string): Promise<string> {
    const { db, log } = this.#context
    const archiveStoreId = this.#archiveStoreId
    log.warn({ archiveStoreId, recoveryPointId: id }, 'the archived copy is not whole any more, the local one is')
    const there = await this.#there()
    const lockedUntil = await there.heldUntil(id)
    if (lockedUntil) {
      return `One is damaged in the archive store, and locked there until ${dayOf(lockedUntil)}: its local copy stays.`
    }
    const isForgotten = await forgetArchivedPoint(db, { id, archiveStoreId, tenantId: tenantOf(this.#context) })
    if (isForgotten) await there.remove(id).catch(unlessGone)
    return 'One is damaged in the archive store: its local copy stays, and is sent again by the next run.'
  }

  #there() {
    const { repositories } = this.#context
    return repositories.archives.repository(this.#archiveStoreId, tenantOf(this.#context))
  }

  async #readBack({ id, archiveStoreId }: ArchivedPoint, datastoreId: string): Promise<void> {
    const { db, repositories, signal } = this.#context
    const startedAt = performance.now()
    const here = await repositories.repository(datastoreId, tenantOf(this.#context))
    const original = await here.recoveryPoint(id).catch(asOriginalError)
    try {
      const copy = await (await this.#there()).recoveryPoint(id)
      try {
        const readBackBytes = BigInt(await proveCopy({ original, copy, signal }))
        const readBackMs = Math.max(1, Math.round(performance.now() - startedAt))
        const data = { readBackBytes, readBackMs, readBackAt: new Date() }
        await db.archivedPoint.update({ where: { id_archiveStoreId: { id, archiveStoreId } }, data })
      } finally {
        await copy.close()
      }
    } finally {
      await original.close()
    }
  }
}
