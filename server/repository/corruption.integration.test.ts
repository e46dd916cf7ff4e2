import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SkerryError } from '#server/errors.ts'
import { chunkBytes } from './layout.ts'
import { pick, type Random, seededRandom } from './testing/random.ts'
import {
  backUp,
  changeImage,
  linkTree,
  pointId,
  randomImage,
  restoreById,
  scratchFolder,
  scratchRepository,
} from './testing/scratch.ts'

const seeds = 1050
const points = [pointId(1), pointId(2), pointId(3)]
const images: Buffer[] = []
let template: Awaited<ReturnType<typeof scratchFolder>>

beforeAll(async () => {
  template = await scratchFolder()
  const random = seededRandom(2026)
  const image = randomImage(random, 8 * chunkBytes - 100)
  const repository = await scratchRepository(template.path, { packBytes: 128 * 1024 })
  for (const [number, id] of points.entries()) {
    const indexes = number > 0 ? changeImage(random, image, 3) : undefined
    const parentId = points[number - 1]
    await backUp(repository, id, image, { ...(indexes && { indexes }), ...(parentId && { parentId }) })
    images.push(Buffer.from(image))
    if (number === 1) await repository.rotateKey()
  }
  await repository.close()
})

afterAll(() => template[Symbol.asyncDispose]())

/** Does to one object, or two, what disks, networks and people do. @returns what was done, or nothing when it changed no byte */
async function corrupt(random: Random, store: string): Promise<string | undefined> {
  const files = (await readdir(store, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('.skerry'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const path = files[pick(random, files.length)] ?? ''
  const bytes = await readFile(path)
  const at = pick(random, bytes.length)
  const kind = pick(random, 4)
  if (kind === 0) {
    const flipped = Math.min(bytes.length - at, 1 + pick(random, 3))
    for (let each = at; each < at + flipped; each++) bytes[each] = (bytes[each] ?? 0) ^ (1 + pick(random, 255))
    await writeAnew(path, bytes)
    return `flipped ${flipped} bytes at ${at} of ${path}`
  }
  if (kind === 1) {
    await writeAnew(path, bytes.subarray(0, at))
    return `cut ${path} to ${at} of ${bytes.length}`
  }
  if (kind === 2) {
    await rm(path)
    return `deleted ${path}`
  }
  const other = files[pick(random, files.length)] ?? ''
  const otherBytes = await readFile(other)
  // The two copies of a key are each as good as the other.
  if (other === path || other.slice(0, -1) === path.slice(0, -1)) return undefined
  await writeAnew(path, otherBytes)
  await writeAnew(other, bytes)
  return `swapped ${path} and ${other}`
}

/** Its bytes are those of the template. */
async function writeAnew(path: string, bytes: Buffer) {
  await rm(path)
  await writeFile(path, bytes)
}

const open = (folder: string) => scratchRepository(folder, { mustExist: true })

/** Which points come back as they were. All else throws what a person can act on, and gives no other bytes. */
async function intactPoints(folder: string): Promise<number[]> {
  const intact: number[] = []
  const expectWayOut = (error: unknown) => {
    if (!(error instanceof SkerryError)) throw error
    expect(error.wayOut).toBeTruthy()
  }
  const repository = await open(folder).catch(expectWayOut)
  for (const [number, id] of repository ? points.entries() : []) {
    const restored = await restoreById(repository ?? fail(), id).catch(expectWayOut)
    if (!restored) continue
    expect(restored.equals(images[number] ?? Buffer.alloc(0))).toBe(true)
    intact.push(number)
  }
  await repository?.close()
  return intact
}

function fail(): never {
  throw new Error('unreachable')
}

/** @returns the points that verify names; nothing when the repository does not even open, and says why */
async function namedByVerify(folder: string): Promise<{ count: number; hurt: Set<string> } | undefined> {
  const repository = await open(folder).catch((error) => {
    if (!(error instanceof SkerryError)) throw error
  })
  const report = await repository?.verify({ expected: points })
  await repository?.close()
  const hurt = report?.damage.flatMap(({ hurts }) => hurts.map(({ recoveryPointId }) => recoveryPointId))
  return report && { count: report.damage.length, hurt: new Set(hurt) }
}

/** So many at once that the disk and the processor need not wait for each other. */
const atOnce = 4

test(`${seeds} corruptions: each is found, and nothing wrong is ever restored`, { timeout: 1_800_000 }, async () => {
  const done = { found: 0, unopened: 0, healed: 0 }
  let next = 1
  const work = async () => {
    while (next <= seeds) {
      const outcome = await proveSeed(next++)
      if (outcome) done[outcome === 'unopened' ? 'unopened' : 'found']++
      if (outcome === 'healed') done.healed++
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  expect(done.found + done.unopened).toBeGreaterThanOrEqual(1000)
  expect(done.healed).toBeGreaterThan(100)
})

/** @returns what became of one corruption; nothing when it changed no byte */
async function proveSeed(seed: number): Promise<'found' | 'unopened' | 'healed' | undefined> {
  const random = seededRandom(seed)
  await using folder = await scratchFolder()
  linkTree(join(template.path, 'store'), join(folder.path, 'store'))
  // With what a worker knows from before, and without.
  if (pick(random, 2) === 0) linkTree(join(template.path, 'cache'), join(folder.path, 'cache'))
  const what = await corrupt(random, join(folder.path, 'store'))
  if (!what) return undefined
  const about = `seed ${seed}: ${what}`

  const intact = await intactPoints(folder.path)
  const named = await namedByVerify(folder.path)
  if (!named) {
    // The datastore's mark or a key is lost.
    expect(intact, about).toEqual([])
    return 'unopened'
  }
  expect(named.count, about).toBeGreaterThan(0)
  const lost = points.filter((_, number) => !intact.includes(number))
  for (const id of lost) expect([...named.hurt], about).toContain(id)
  if (intact.includes(2)) return 'found'
  const repository = await open(folder.path)
  await backUp(repository, pointId(100), images[2] ?? Buffer.alloc(0))
  await repository.close()
  // All of it but a lost manifest.
  return (await intactPoints(folder.path)).includes(2) ? 'healed' : 'found'
}
