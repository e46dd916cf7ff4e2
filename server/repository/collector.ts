import type { ChunkPool } from './chunk-pool.ts'
import type { ChunkStore } from './chunk-store.ts'
import { DamageError } from './damage.ts'
import { uuidFromBytes } from './layout.ts'
import { type LockedRest, LockedTally } from './locked-tally.ts'
import { manifestKey } from './manifest.ts'
import { LiveMarks } from './marks.ts'
import type { OpenRun, PackState } from './middle-map.ts'
import { mostEntries } from './pack.ts'
import { copyLiveChunks } from './pack-copy.ts'
import { type PackUse, packUses } from './pack-use.ts'
import { defaultPackBytes, PackWriter } from './pack-writer.ts'
import { PendingRemovals } from './pending-removal.ts'
import { isCollecting, isPackOf, Session } from './session.ts'
import { SessionWatch } from './session-watch.ts'

export interface CollectRequest {
  /** A pack of which at least this share is dead is emptied; 0.25 unless told. */
  readonly deadShare?: number | undefined
  /** Empties packs that are sealed with an earlier key, too. */
  readonly reseal?: boolean | undefined
  /** Ends it between two packs; the next one goes on where it was. @throws its reason */
  readonly signal?: AbortSignal | undefined
}

export interface CollectReport {
  readonly removedRecoveryPoints: number
  readonly deletedPacks: number
  /** What the deleted packs held, less what was moved into new ones. */
  readonly freedBytes: number
  readonly movedChunks: number
  /** Packs and recovery points that wait for backups and restores under way; collect again when they are done. */
  readonly waiting: number
  /** What would go as well, but nobody can delete before its time; collect again then. */
  readonly locked: LockedRest
}

/** Small packs, as every incremental backup leaves one, are put together when so many have gathered. */
const fewSmallPacks = 8

/**
 * Gives space back, while backups, restores and other collectors go on.
 *
 * 1. Condemn: packs with much that no recovery point names are announced (`condemned/`). From then on no backup counts
 *    on them; what began earlier is known by its session.
 * 2. When all those sessions have ended, look at every recovery point again, copy what lives to new packs, delete the old.
 *
 * A recovery point goes likewise: hidden first, deleted when who may build on it has ended. So whatever a backup under way
 * carries over from its parent is named by a recovery point that is still there. Killed at any instant, the next run goes
 * on where this one was.
 */
export class Collector {
  readonly #chunks: ChunkStore
  readonly #pool: ChunkPool
  readonly #packBytes: number
  readonly #sessions: SessionWatch
  readonly #removed: PendingRemovals
  readonly #condemned: PendingRemovals

  constructor(
    chunks: ChunkStore,
    pool: ChunkPool,
    options: { packBytes?: number | undefined; sessionLeaseMs?: number | undefined },
  ) {
    this.#chunks = chunks
    this.#pool = pool
    this.#packBytes = options.packBytes ?? defaultPackBytes
    this.#sessions = new SessionWatch(chunks, options.sessionLeaseMs)
    this.#removed = new PendingRemovals(chunks, 'removed')
    this.#condemned = new PendingRemovals(chunks, 'condemned')
  }

  async run(request: CollectRequest): Promise<CollectReport> {
    await this.#chunks.store.sweep?.()
    const session = await Session.start(this.#chunks, 'collect')
    const frozen = await this.#freeze().catch(async (error) => {
      await session.end()
      throw error
    })
    try {
      // Packs of these may be named by no recovery point yet; who has ended, has named what it wrote.
      const writing = await this.#sessions.alive()
      const locked = new LockedTally(this.#chunks)
      const removal = await this.#removeRecoveryPoints(locked)
      const marks = new LiveMarks(this.#chunks, frozen.runs)
      await marks.update()
      const settled = (packId: string) => [...writing].every((name) => !isPackOf(name, packId))
      await this.#condemn(frozen.runs, marks, settled, locked, request)
      const emptied = await this.#deleteCondemned(session, marks, locked, request.signal)
      await this.#chunks.damage.settle(({ id, places }) => {
        const isHealed = this.#isHealed(Buffer.from(id, 'hex'), marks)
        return isHealed && places.every(({ packId }) => this.#chunks.map.pack(packId)?.gone ?? true)
      })
      const waiting = removal.waiting + emptied.waiting
      return { removedRecoveryPoints: removal.removed, ...emptied, waiting, locked: locked.rest }
    } finally {
      frozen.release()
      await session.end()
    }
  }

  async #freeze() {
    await this.#chunks.refresh()
    return this.#chunks.map.freeze()
  }

  /** The living sessions that may count on what is to be deleted. */
  async #counting(): Promise<Set<string>> {
    return new Set([...(await this.#sessions.alive())].filter((name) => !isCollecting(name)))
  }

  async #removeRecoveryPoints(locked: LockedTally) {
    const names = await this.#removed.names()
    const ready = await this.#removed.ready(names, await this.#counting())
    let removed = 0
    let kept = 0
    for (const name of ready) {
      const key = manifestKey(this.#chunks, uuidFromBytes(Buffer.from(name, 'hex')))
      if ((await locked.has(key, 0)) || !(await locked.delete(key, 0))) {
        kept++
        continue
      }
      await this.#removed.forget(name)
      removed++
    }
    return { removed, waiting: names.size - removed - kept }
  }

  /** Announces the packs that shall be emptied. */
  async #condemn(
    runs: readonly OpenRun[],
    marks: LiveMarks,
    isSettled: (packId: string) => boolean,
    locked: LockedTally,
    request: CollectRequest,
  ) {
    const uses = await packUses(this.#chunks, runs, marks)
    const packs = [...uses.keys()].filter((pack) => isSettled(pack.id) && !pack.unsound)
    const chosen = this.#choose(packs, uses, marks, request).map(({ id }) => id)
    // What a damaged pack still holds may be all that is left of something, unless nothing is missing.
    if (marks.isComplete) chosen.push(...[...this.#chunks.unreadable.keys()].filter(isSettled))
    for (const id of chosen) {
      // What stays anyway is not copied: it would only be there twice, and the copy not locked.
      if (await locked.has(this.#chunks.packObjectKey(id), this.#sizeOf(id))) continue
      await this.#condemned.announce(id)
      const pack = this.#chunks.map.pack(id)
      if (pack) pack.condemned = true
    }
  }

  #choose(
    packs: readonly PackState[],
    uses: ReadonlyMap<PackState, PackUse>,
    marks: LiveMarks,
    request: CollectRequest,
  ): PackState[] {
    const { deadShare = 0.25, reseal = false } = request
    const current = this.#chunks.keyring.current.id
    const healed = this.#healedPacks(marks)
    const isWanted = (pack: PackState) => {
      const { liveBytes = 0, allBytes = 0 } = uses.get(pack) ?? {}
      if (liveBytes === 0 || liveBytes <= allBytes * (1 - deadShare)) return true
      return healed.has(pack.id) || (reseal && !pack.keyId.equals(current))
    }
    const chosen = packs.filter(isWanted)
    const isSmall = (pack: PackState) =>
      pack.sizeBytes < this.#packBytes / 2 && (uses.get(pack)?.entries ?? 0) < mostEntries / 2
    const small = packs.filter((pack) => !isWanted(pack) && isSmall(pack))
    return small.length >= fewSmallPacks ? [...chosen, ...small] : chosen
  }

  /** The packs with broken chunks that are whole elsewhere, or needed no more. */
  #healedPacks(marks: LiveMarks): Set<string> {
    const healed = new Set<string>()
    const hurt = new Set<string>()
    for (const { id, places } of this.#chunks.damage.chunks) {
      for (const { packId } of places) (this.#isHealed(Buffer.from(id, 'hex'), marks) ? healed : hurt).add(packId)
    }
    for (const id of hurt) healed.delete(id)
    return healed
  }

  #isHealed(id: Buffer, marks: LiveMarks): boolean {
    return !marks.has(id) || this.#chunks.locateLasting(id) !== undefined
  }

  async #deleteCondemned(session: Session, marks: LiveMarks, locked: LockedTally, signal: AbortSignal | undefined) {
    const names = await this.#condemned.names()
    const ready = await this.#condemned.ready(names, await this.#counting())
    // Looked at after the announcements: nothing new counts on these packs, and what counted on them is named by now.
    await this.#chunks.refresh()
    await marks.update()
    const writer = new PackWriter(this.#chunks, session, this.#pool, this.#packBytes)
    const emptied: string[] = []
    let deleted = 0
    let kept = 0
    let freedBytes = 0
    const remove = async (id: string) => {
      const sizeBytes = this.#sizeOf(id)
      if (await this.#deletePack(id, locked)) {
        freedBytes += sizeBytes
        deleted++
      } else kept++
    }
    try {
      for (const id of ready) {
        signal?.throwIfAborted()
        // Locked since it was announced, or announced by somebody who wants it gone.
        if (await locked.has(this.#chunks.packObjectKey(id), this.#sizeOf(id))) {
          await this.#pardon(id)
          kept++
          continue
        }
        const unreadable = this.#chunks.unreadable.has(id)
        const pack = this.#chunks.map.pack(id)
        if (unreadable && !marks.isComplete) continue
        const moved = unreadable || !pack || pack.gone ? 0 : await this.#copy(writer, pack, marks)
        // What holds nothing any more goes at once: on a full disk that is what makes room for the rest.
        if (moved === 0) await remove(id)
        else if (moved) emptied.push(id)
      }
      await writer.finish()
    } catch (error) {
      await writer.abandon()
      throw error
    }
    for (const id of emptied) await remove(id)
    const waiting = names.size - deleted - kept
    return {
      deletedPacks: deleted,
      freedBytes: freedBytes - writer.storedBytes,
      movedChunks: writer.chunkCount,
      waiting,
    }
  }

  /** It stays, so it may be counted on again. */
  async #pardon(id: string) {
    await this.#condemned.forget(id)
    const pack = this.#chunks.map.pack(id)
    if (pack) pack.condemned = false
  }

  #sizeOf(id: string): number {
    const pack = this.#chunks.map.pack(id)
    return pack?.gone ? 0 : (this.#chunks.unreadable.get(id)?.sizeBytes ?? pack?.sizeBytes ?? 0)
  }

  /** @returns whether it is gone */
  async #deletePack(id: string, locked: LockedTally): Promise<boolean> {
    if (!(await locked.delete(this.#chunks.packObjectKey(id), this.#sizeOf(id)))) return false
    const pack = this.#chunks.map.pack(id)
    if (pack) pack.gone = true
    this.#chunks.unreadable.delete(id)
    await this.#condemned.forget(id)
    return true
  }

  /** @returns how many chunks were moved; nothing when the pack turned out to be broken: it stays as it is */
  async #copy(writer: PackWriter, pack: PackState, marks: LiveMarks): Promise<number | undefined> {
    try {
      return await copyLiveChunks(this.#chunks, writer, pack, marks)
    } catch (error) {
      if (!(error instanceof DamageError)) throw error
      this.#chunks.setUnreadable(pack.id, pack.sizeBytes, error)
      return undefined
    }
  }
}
