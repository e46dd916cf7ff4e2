import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eachAtOnce } from '#server/each-at-once.ts'

const usualBytes = 4 * 2 ** 30
const nonceBytes = 12
const tagBytes = 16
const statsAtOnce = 32
/** A disk that is full hardly has room again in a moment. */
const againAfterMs = 60_000
const isName = (name: string) => /^[0-9a-f]{64}$/.test(name)

/**
 * Chunks that were read far away, kept on this machine's disk for who reads them next; those that nobody has read for
 * longest make room. They are sealed, and one that was altered is as good as none.
 */
export class ChunkCache {
  readonly #folder: string
  readonly #key: Buffer
  readonly #mostBytes: number
  /** Bytes of each by its name, the one that was read longest ago first */
  readonly #kept: Map<string, number>
  #bytes: number
  #refusedAt = Number.NEGATIVE_INFINITY

  private constructor(folder: string, key: Buffer, mostBytes: number, kept: Map<string, number>) {
    this.#folder = folder
    this.#key = key
    this.#mostBytes = mostBytes
    this.#kept = kept
    this.#bytes = [...kept.values()].reduce((sum, bytes) => sum + bytes, 0)
  }

  /**
   * @param folder of this process alone
   * @param key 32 bytes
   * @param mostBytes what it takes at the most; never more than half of what the disk has left for it
   */
  static async open(folder: string, key: Buffer, mostBytes = usualBytes): Promise<ChunkCache> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const found: { name: string; bytes: number; atMs: number }[] = []
    await eachAtOnce(await readdir(folder), statsAtOnce, async (name) => {
      if (!isName(name)) return rm(join(folder, name), { force: true })
      const { size, mtimeMs } = await stat(join(folder, name))
      found.push({ name, bytes: size, atMs: mtimeMs })
    })
    found.sort((a, b) => a.atMs - b.atMs)
    const kept = new Map(found.map(({ name, bytes }) => [name, bytes]))
    const { bavail, bsize } = await statfs(folder)
    const roomBytes = found.reduce((sum, { bytes }) => sum + bytes, bavail * bsize)
    return new ChunkCache(folder, key, Math.min(mostBytes, Math.floor(roomBytes / 2)), kept)
  }

  /** Whether it has room for what is read: where not, nobody should read more than is wanted now. */
  get keeps(): boolean {
    return performance.now() - this.#refusedAt > againAfterMs
  }

  has(id: Buffer): boolean {
    return this.#kept.has(id.toString('hex'))
  }

  async get(id: Buffer): Promise<Buffer | undefined> {
    const name = id.toString('hex')
    const bytes = this.#kept.get(name)
    if (bytes === undefined) return undefined
    this.#kept.delete(name)
    this.#kept.set(name, bytes)
    const sealed = await readFile(join(this.#folder, name)).catch(() => undefined)
    const opened = sealed && this.#open(id, sealed)
    if (!opened) await this.#forget(name)
    return opened
  }

  /** What can't be kept is read again: nobody is told. */
  async put(id: Buffer, bytes: Buffer): Promise<void> {
    const name = id.toString('hex')
    if (this.#kept.has(name) || !this.keeps) return
    const sealed = this.#seal(id, bytes)
    const path = join(this.#folder, name)
    const half = `${path}.${randomBytes(4).toString('hex')}`
    try {
      await writeFile(half, sealed, { mode: 0o600 })
      await rename(half, path)
    } catch {
      this.#refusedAt = performance.now()
      await rm(half, { force: true }).catch(() => undefined)
      return
    }
    // Another reader may have kept it meanwhile.
    this.#bytes += sealed.length - (this.#kept.get(name) ?? 0)
    this.#kept.set(name, sealed.length)
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#mostBytes) break
      await this.#forget(oldest)
    }
  }

  async #forget(name: string): Promise<void> {
    this.#bytes -= this.#kept.get(name) ?? 0
    this.#kept.delete(name)
    await rm(join(this.#folder, name), { force: true }).catch(() => undefined)
  }

  #seal(id: Buffer, bytes: Buffer): Buffer {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(id)
    const sealed = cipher.update(bytes)
    cipher.final()
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed])
  }

  #open(id: Buffer, sealed: Buffer): Buffer | undefined {
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, nonceBytes)).setAAD(id)
      decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes))
      const bytes = decipher.update(sealed.subarray(nonceBytes + tagBytes))
      decipher.final()
      return bytes
    } catch {
      return undefined
    }
  }
}
