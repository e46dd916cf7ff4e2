import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { access, mkdtemp, open, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { SkerryError, unavailable } from '#server/errors.ts'
import { asFolderError, isMissing } from './folder-error.ts'
import { LockedError } from './locked.ts'
import type { ObjectStore, StoreRoom } from './object-store.ts'

export interface TrialReport {
  /** Of a small object, written, read, listed and deleted again. */
  readonly roundTripMs: number
  readonly room: StoreRoom | undefined
}

/**
 * Proves that a store does all that backups ask of it, and leaves it as it was.
 * @throws unavailable naming what it did not do
 */
export async function tryStore(store: ObjectStore, onStage: (stage: string) => void = () => {}): Promise<TrialReport> {
  const key = `.skerry/test-${randomBytes(12).toString('hex')}`
  const content = randomBytes(64)
  const startedAt = performance.now()
  onStage('writing')
  await store.put(key, [content])
  try {
    onStage('reading')
    const found = await store.get(key)
    if (!found?.equals(content)) throw odd(store, 'does not give back what was just written to it')
    onStage('listing')
    if (!(await isListed(store, key))) throw odd(store, 'does not list what was just written to it')
  } catch (error) {
    await store.delete(key).catch(() => undefined)
    throw error
  }
  onStage('deleting')
  await store.delete(key)
  const roundTripMs = performance.now() - startedAt
  return { roundTripMs, room: await store.room?.() }
}

export const noBucket = 'A folder locks nothing: that takes a bucket with object lock.'
/** Stores may keep whole seconds only. */
const trialLockMs = 2000
const patienceMs = 8000

/** Locks a small object for a moment and tries to delete it. @returns why nothing can be locked there, or null */
export async function tryLock(store: ObjectStore): Promise<string | null> {
  const { locks } = store
  if (!locks) return store.lockRefusal ?? noBucket
  // Where an object counts as written once.
  const key = `.skerry/packs/test-${randomBytes(12).toString('hex')}`
  await store.put(key, [randomBytes(64)])
  try {
    await locks.hold(key, new Date(Date.now() + trialLockMs), 'governance')
  } catch (error) {
    await store.delete(key)
    if (error instanceof SkerryError) return error.message
    throw error
  }
  const begun = performance.now()
  let wasKept = false
  for (;;) {
    try {
      await store.delete(key)
      return wasKept ? null : 'It takes locks, and does not keep them.'
    } catch (error) {
      if (!(error instanceof LockedError)) throw error
      wasKept = true
      // By a clock that is behind ours it lasts longer; such an object of 64 bytes is left there.
      if (performance.now() - begun > patienceMs) return null
      await delay(250)
    }
  }
}

async function isListed(store: ObjectStore, key: string): Promise<boolean> {
  for await (const each of store.list('.skerry/')) if (each.key === key) return true
  return false
}

const odd = (store: ObjectStore, what: string) =>
  unavailable(`The ${store.name} ${what}.`, {
    wayOut: 'Backups need a store that shows what was written as soon as it was. Choose another one.',
  })

/** The same of a folder that may not be there yet: then of the one in which it will be made. */
export async function tryFolder(root: string): Promise<TrialReport> {
  const place = { name: `folder ${root}`, root }
  const startedAt = performance.now()
  const isThere = await stat(root).then(
    (found) => {
      if (found.isDirectory()) return true
      throw unavailable(`The ${place.name} is no folder.`, { wayOut: 'Give the path of a folder.' })
    },
    (error) => {
      if (isMissing(error)) return false
      throw asFolderError(error, place, 'look at it')
    },
  )
  const folder = isThere ? root : dirname(root)
  try {
    if (!isThere) await access(folder, constants.W_OK)
  } catch (error) {
    throw folderNotMade(root, error)
  }
  try {
    const scratch = await mkdtemp(join(folder, '.skerry-test-'))
    try {
      const file = await open(join(scratch, 'test'), 'wx')
      try {
        await file.writeFile(randomBytes(64))
        await file.datasync()
      } finally {
        await file.close()
      }
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
    const { bavail, blocks, bsize } = await statfs(folder)
    const room = { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
    return { roundTripMs: performance.now() - startedAt, room }
  } catch (error) {
    throw asFolderError(error, place, 'write to it')
  }
}

/** Its parent must be there: a path that is all new is more likely mistyped than meant. */
export function folderNotMade(root: string, cause: unknown) {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const why = code === 'ENOENT' ? 'the folder above it is not there' : 'the worker may not'
  return unavailable(`The folder can’t be made: ${why}.`, {
    wayOut: 'Make it on the workers’ machines, writable for the worker, or give another path.',
    detail: `${root}: ${String(code)}`,
    cause,
  })
}
