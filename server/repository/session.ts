import { createHash, randomBytes } from 'node:crypto'
import { unavailable } from '#server/errors.ts'
import type { ChunkStore } from './chunk-store.ts'
import { objectKey } from './layout.ts'
import { putTenantObject } from './tenant-object.ts'

/** How often a session shows that it lives. What has not moved for `sessionLeaseMs` before a collector's eyes is dead. */
const beatMs = 60_000
export const sessionLeaseMs = 15 * 60_000
const sessionIdBytes = 12
const originBytes = 6

/** Read and backup count on chunks; collect only moves them, so that collectors need not wait for each other. */
export type SessionPurpose = 'backup' | 'read' | 'collect'

const collectMark = '00000001'
export const isCollecting = (sessionName: string) => sessionName.endsWith(collectMark)
/** Whether a pack was written in this session. */
export const isPackOf = (sessionName: string, packId: string) =>
  packId.startsWith(sessionName.slice(0, sessionIdBytes * 2))

/** Begins the ids of all sessions, and so of all packs, in which a thing was tried to write. */
const originOf = (what: string) => createHash('sha256').update(what).digest().subarray(0, originBytes)
export const isPackFor = (what: string, packId: string) => packId.startsWith(originOf(what).toString('hex'))

/**
 * Says that something is under way which counts on chunks that no manifest names, or no longer. What is condemned while
 * it lasts is deleted only after its end. No clock decides: a session is put before anything is looked at, and a
 * collector lists the sessions after it has condemned.
 */
export class Session {
  /** Begins the ids of all packs that it writes. */
  readonly id: Buffer
  readonly #chunks: ChunkStore
  readonly #purpose: SessionPurpose
  #packCount = 0
  #beat = 0
  /** On the monotonic clock, just before the last beat that reached the store was sent. */
  #beatAt = 0
  #timer: NodeJS.Timeout | undefined
  #beating: Promise<void> = Promise.resolve()

  private constructor(chunks: ChunkStore, purpose: SessionPurpose, id: Buffer) {
    this.#chunks = chunks
    this.#purpose = purpose
    this.id = id
  }

  /** @param what is written in it, by its id: what it stored is told from what others did, over all attempts */
  static async start(chunks: ChunkStore, purpose: SessionPurpose, what?: string): Promise<Session> {
    const origin = what === undefined ? Buffer.alloc(0) : originOf(what)
    const id = Buffer.concat([origin, randomBytes(sessionIdBytes - origin.length)])
    const session = new Session(chunks, purpose, id)
    await session.#put()
    session.#timer = setInterval(() => {
      // A beat that fails is made up for by the next; whether the session is still held is asked at the end.
      session.#beating = session.#put().catch(() => undefined)
    }, beatMs)
    session.#timer.unref()
    return session
  }

  get name(): string {
    return this.id.toString('hex') + (this.#purpose === 'collect' ? collectMark : '00000000')
  }

  nextPackId(): Buffer {
    const count = Buffer.alloc(4)
    count.writeUInt32BE(++this.#packCount)
    return Buffer.concat([this.id, count])
  }

  /** Whether no collector can have taken this session for dead: it beat well within the time that one waits. */
  get #isFresh() {
    return performance.now() - this.#beatAt < sessionLeaseMs / 2
  }

  /** @throws unavailable when a collector may have taken this session for dead, after which its chunks may be gone */
  async assertHeld(): Promise<void> {
    if (this.#isFresh && (await this.#chunks.store.get(this.#key)) && this.#isFresh) return
    throw unavailable('The backup stood still for so long that its space was given back.', {
      wayOut: 'Run it again: what it has stored and is still there is not sent twice.',
    })
  }

  async end(): Promise<void> {
    clearInterval(this.#timer)
    await this.#beating
    await this.#chunks.store.delete(this.#key)
  }

  get #key() {
    return objectKey(this.#chunks.owner, 'sessions', this.name)
  }

  async #put() {
    const { store, owner, keyring } = this.#chunks
    const isFirst = this.#beat === 0
    const beatAt = performance.now()
    // Once it may have been taken for dead it must not come back to life.
    if (!isFirst && !this.#isFresh) return
    const content = Buffer.from(JSON.stringify({ purpose: this.#purpose, beat: ++this.#beat }))
    await putTenantObject(store, owner, keyring, 'sessions', this.name, content)
    this.#beatAt = beatAt
  }
}
