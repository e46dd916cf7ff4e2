import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { asFolderError, type FolderPlace, folderGone, isFull, isMissing, isThere } from './folder-error.ts'
import type { ByteRange, ObjectStore, StoredObject, StoreRoom } from './object-store.ts'

/** Files under way; not being there tells that the folder is not the one that was set up, e.g. not mounted. */
const temporaryFolder = '.skerry'
/** Room that is given up when the file system is full, so that recovery points can still be removed and collected. */
const reserve = 'reserve'
const reserveBytes = 1024 * 1024
const smallBytes = 64 * 1024
const leftoverMs = 24 * 3600_000

async function syncFolder(path: string) {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function readUpTo(file: FileHandle, { offset, bytes }: ByteRange): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(bytes)
  let filled = 0
  while (filled < bytes) {
    const { bytesRead } = await file.read(buffer, filled, bytes - filled, offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

async function writeAll(file: FileHandle, parts: readonly Uint8Array[]) {
  const most = 512
  for (let at = 0; at < parts.length; at += most) {
    const some = parts.slice(at, at + most)
    const { bytesWritten } = await file.writev(some)
    let skip = bytesWritten
    for (const part of some) {
      if (skip < part.length) await file.writeFile(part.subarray(skip))
      skip = Math.max(0, skip - part.length)
    }
  }
}

/** Objects as files below a folder. A file appears under its name only when all its bytes are on the disk. */
export class FolderStore implements ObjectStore {
  name: string
  readonly #root: string
  readonly #madeFolders = new Set<string>()
  #isReserveSpent = false

  private constructor(root: string, name = `folder ${root}`) {
    this.#root = root
    this.name = name
  }

  get #place(): FolderPlace {
    return { name: this.name, root: this.#root }
  }

  /** Makes an existing folder ready to hold objects; doing it again changes nothing. */
  static async prepare(root: string, name?: string): Promise<FolderStore> {
    const store = new FolderStore(root, name)
    try {
      await mkdir(join(root, temporaryFolder)).catch((error) => {
        if (!isThere(error)) throw error
      })
      await syncFolder(root)
    } catch (error) {
      throw asFolderError(error, store.#place, 'prepare it for backups')
    }
    await store.#refillReserve()
    return store
  }

  /** @throws unavailable when the folder is gone or was never prepared */
  static async open(root: string, name?: string): Promise<FolderStore> {
    const store = new FolderStore(root, name)
    await store.#assertThere()
    await store.#refillReserve()
    return store
  }

  async put(key: string, parts: readonly Uint8Array[]): Promise<void> {
    const isSmall = parts.reduce((sum, part) => sum + part.length, 0) <= smallBytes
    try {
      await this.#put(key, parts).catch(async (error) => {
        if (!isSmall || !isFull(error) || !(await this.#spendReserve())) throw error
        await this.#put(key, parts)
      })
    } catch (error) {
      throw asFolderError(error, this.#place, `write ${key}`)
    }
  }

  async #put(key: string, parts: readonly Uint8Array[]) {
    const path = join(this.#root, key)
    const temporary = this.#temporary(randomBytes(12).toString('hex'))
    try {
      await this.#makeFolder(dirname(key))
      await this.#writeDurably(temporary, parts)
      await rename(temporary, path)
      await syncFolder(dirname(path))
    } catch (error) {
      await unlink(temporary).catch(() => undefined)
      this.#madeFolders.clear()
      throw error
    }
  }

  get(key: string, range?: ByteRange): Promise<Buffer | undefined> {
    return this.#reading(key, async (file) => {
      if (range && range.offset >= 0) return readUpTo(file, range)
      const { size } = await file.stat()
      const offset = range ? Math.max(0, size + range.offset) : 0
      return readUpTo(file, { offset, bytes: Math.min(size - offset, range?.bytes ?? size) })
    })
  }

  getPieces(key: string, ranges: readonly ByteRange[]): Promise<Buffer[] | undefined> {
    return this.#reading(key, (file) => Promise.all(ranges.map((range) => readUpTo(file, range))))
  }

  async #reading<T>(key: string, read: (file: FileHandle) => Promise<T>): Promise<T | undefined> {
    try {
      const file = await open(join(this.#root, key), constants.O_RDONLY)
      try {
        return await read(file)
      } finally {
        await file.close()
      }
    } catch (error) {
      if (!isMissing(error)) throw asFolderError(error, this.#place, `read ${key}`)
      await this.#assertThere()
      return undefined
    }
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    const entries = await readdir(join(this.#root, prefix), { recursive: true, withFileTypes: true }).catch(
      async (error) => {
        if (!isMissing(error)) throw asFolderError(error, this.#place, `list ${prefix}`)
        await this.#assertThere()
        return []
      },
    )
    for (const entry of entries) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      const found = await stat(path, { bigint: true }).catch((error) => {
        if (!isMissing(error)) throw asFolderError(error, this.#place, `list ${prefix}`)
        return undefined
      })
      if (!found) continue
      const key = path.slice(this.#root.length).replace(/^\/+/, '')
      yield { key, sizeBytes: Number(found.size), version: `${found.ino}-${found.mtimeNs}` }
    }
  }

  async delete(key: string): Promise<void> {
    try {
      await unlink(join(this.#root, key))
      if (this.#isReserveSpent) await this.#refillReserve()
    } catch (error) {
      if (!isMissing(error)) throw asFolderError(error, this.#place, `delete ${key}`)
      await this.#assertThere()
    }
  }

  async folders(prefix: string): Promise<string[]> {
    try {
      const entries = await readdir(join(this.#root, prefix), { withFileTypes: true })
      return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
    } catch (error) {
      if (!isMissing(error)) throw asFolderError(error, this.#place, `list ${prefix}`)
      await this.#assertThere()
      return []
    }
  }

  async dropFolder(folder: string): Promise<void> {
    this.#madeFolders.clear()
    await rm(join(this.#root, folder), { recursive: true, force: true }).catch((error) => {
      throw asFolderError(error, this.#place, `remove ${folder}`)
    })
  }

  async room(): Promise<StoreRoom> {
    try {
      const { bavail, blocks, bsize } = await statfs(this.#root)
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
    } catch (error) {
      throw asFolderError(error, this.#place, 'look how much room there is')
    }
  }

  /** Removes what writers that were killed left half-written a day ago. */
  async sweep(olderThanMs = leftoverMs): Promise<number> {
    let removed = 0
    for await (const { key } of this.list(`${temporaryFolder}/`)) {
      const path = join(this.#root, key)
      if (path === this.#temporary(reserve)) continue
      const found = await stat(path).catch(() => undefined)
      if (!found || Date.now() - found.mtimeMs < olderThanMs) continue
      await rm(path, { force: true })
      removed++
    }
    return removed
  }

  async #makeFolder(folder: string) {
    if (this.#madeFolders.has(folder)) return
    await this.#assertThere()
    let made = this.#root
    for (const part of folder.split('/')) {
      const parent = made
      made = join(made, part)
      const isNew = await mkdir(made).then(
        () => true,
        (error) => {
          if (!isThere(error)) throw error
          return false
        },
      )
      if (isNew) await syncFolder(parent)
    }
    this.#madeFolders.add(folder)
  }

  #temporary = (name: string) => join(this.#root, temporaryFolder, name)

  async #writeDurably(path: string, parts: readonly Uint8Array[]) {
    const file = await open(path, 'wx', 0o600)
    try {
      await writeAll(file, parts)
      await file.datasync()
    } finally {
      await file.close()
    }
  }

  async #spendReserve(): Promise<boolean> {
    this.#isReserveSpent = true
    return unlink(this.#temporary(reserve)).then(
      () => true,
      () => false,
    )
  }

  /** Does what it can: a file system that is full or read-only has no reserve. */
  async #refillReserve() {
    const path = this.#temporary(reserve)
    try {
      if (!(await stat(path).catch(() => undefined))) await this.#writeDurably(path, [randomBytes(reserveBytes)])
      this.#isReserveSpent = false
    } catch (error) {
      this.#isReserveSpent = !isThere(error)
      if (this.#isReserveSpent) await unlink(path).catch(() => undefined)
    }
  }

  async #assertThere() {
    try {
      await stat(join(this.#root, temporaryFolder))
    } catch (error) {
      throw isMissing(error)
        ? folderGone(this.#place, error)
        : asFolderError(error, this.#place, 'look whether it is there')
    }
  }
}
