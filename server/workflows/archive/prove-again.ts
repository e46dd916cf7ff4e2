import type { ArchivalPolicy, Prisma } from '#prisma/generated/client.ts'
import { planArchival, type Situation } from '#server/core/archival-plan.ts'
import { rulesOf, situationUnder } from '#server/core/archival-policy.ts'
import { forgetForLocalCopy } from '#server/core/archived-point.ts'
import { asOriginalError, OriginalDamaged, proveCopy } from '#server/repository/copy.ts'
import { DamageError } from '#server/repository/damage.ts'
import { dayOf } from '#server/repository/locked.ts'
import { archivePlace } from '../archive-place.ts'
import { Cancelled } from '../pause.ts'
import { lookAtDamage } from '../verify-tenant.ts'
import { type ArchiveContext as Context, tenantOf, unlessGone } from './context.ts'
import { isRecentProof } from './prove.ts'

export type Archived = Prisma.ArchivedPointGetPayload<{ include: { damage: true } }>

/** What the archive store has of some recovery points is looked at for all of them at once, before any local copy goes. */
export class ProofAgain {
  readonly #context: Context
  readonly #policy: ArchivalPolicy
  /** Those that were looked at, and whether they miss something */
  readonly #isBroken = new Map<string, boolean>()
  /** Something is broken of which no verify has told */
  #isNews = false
  #situation: Promise<Situation> | undefined

  constructor(context: Context, policy: ArchivalPolicy) {
    this.#context = context
    this.#policy = policy
  }

  /** Of all that is in the archive it must be there in its full length. */
  async look(ids: readonly string[]): Promise<void> {
    const { db, signal } = this.#context
    const tenantId = tenantOf(this.#context)
    const where = { tenantId, archiveStoreId: this.#policy.archiveStoreId, id: { in: [...ids] } }
    const archived = await db.archivedPoint.findMany({ where, include: { damage: true }, omit: { definition: true } })
    if (archived.length === 0) return
    try {
      const broken = await (await this.#there()).brokenOf(
        archived.map(({ id }) => id),
        signal,
      )
      for (const { id, damage } of archived) {
        this.#isBroken.set(id, broken.has(id))
        if (broken.has(id) && !damage) this.#isNews = true
      }
    } catch (error) {
      throw signal.aborted ? new Cancelled() : error
    }
  }

  /** Whether all of one is there, in its full length. */
  async isWhole(id: string): Promise<boolean> {
    if (!this.#isBroken.has(id)) await this.look([id])
    return this.#isBroken.get(id) === false
  }

  /** Proven just now, and so is what it builds on. */
  wasSent(id: string): void {
    this.#isBroken.set(id, false)
  }

  /**
   * What was proven long ago is read back whole once more.
   * @returns why the local copy has to stay, or null when the archive has all of it
   */
  async prove(archived: Archived, datastoreId: string): Promise<string | null> {
    const { signal } = this.#context
    const { id, readBackAt, damage } = archived
    if (!(await this.isWhole(id))) return this.#forget(id)
    if (!damage && isRecentProof(readBackAt)) return null
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
   * Where one was broken or `isSuspect`, and what a verify found to be: what misses something and has a sound local copy leaves the
   * archive too, so that the next run sends it again.
   * @returns why those stay
   */
  async forgetOthers(isSuspect: boolean): Promise<string[]> {
    const { db, repositories } = this.#context
    const tenantId = tenantOf(this.#context)
    const where = { tenantId, archiveStoreId: this.#policy.archiveStoreId }
    const isNews = isSuspect || this.#isNews
    const archived = await db.archivedPoint.findMany({
      where: isNews ? where : { ...where, damage: { isNot: null } },
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
    // What stays broken there is known from then on, and no reason to look at all of it again.
    if (isNews) await lookAtDamage(archivePlace({ db, repositories, archiveStoreId: where.archiveStoreId }), tenantId)
    return left
  }

  /**
   * Takes what is damaged out of the archive, if that is how it gets whole there again: what nobody can delete yet can't
   * be sent again under its id, what no run would send again had better be there in part, and so had what is damaged
   * here too.
   * @returns why the local copy stays
   */
  async #forget(id: string): Promise<string> {
    const { db, log } = this.#context
    const archiveStoreId = this.#policy.archiveStoreId
    log.warn({ archiveStoreId, recoveryPointId: id }, 'the archived copy is not whole any more')
    const there = await this.#there()
    const lockedUntil = await there.heldUntil(id)
    if (lockedUntil) {
      return `One is damaged in the archive store, and locked there until ${dayOf(lockedUntil)}: its local copy stays.`
    }
    if (!(await this.#wouldBeSentAgain(id))) {
      return 'One is damaged in the archive store, and this policy would not send it again: both copies stay.'
    }
    if (!(await forgetForLocalCopy(db, { id, archiveStoreId, tenantId: tenantOf(this.#context) }))) {
      return 'One is damaged in the archive store, and can’t be sent again now: both copies stay.'
    }
    await there.remove(id).catch(unlessGone)
    return 'One is damaged in the archive store: its local copy stays, and is sent again by the next run.'
  }

  /** By this policy, once it is in the archive no more. */
  async #wouldBeSentAgain(id: string): Promise<boolean> {
    if (!this.#policy.enabled) return false
    const rules = rulesOf(this.#policy)
    this.#situation ??= situationUnder(this.#context.db, tenantOf(this.#context), rules)
    const { points, archived, ...situation } = await this.#situation
    const isLost = (point: { id: string }) => this.#isBroken.get(point.id) === true
    const without = {
      ...situation,
      points: points.map((point) => (isLost(point) ? { ...point, isInvalid: false } : point)),
      archived: archived.filter((point) => !isLost(point)),
    }
    return planArchival(rules, without, new Date()).send.some((point) => point.id === id)
  }

  #there() {
    const { repositories } = this.#context
    return repositories.archives.repository(this.#policy.archiveStoreId, tenantOf(this.#context))
  }

  async #readBack({ id, archiveStoreId }: Archived, datastoreId: string): Promise<void> {
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
