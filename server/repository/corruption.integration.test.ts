import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SkerryError } from '#server/errors.ts'
import { chunkBytes } from './layout.ts'
import { pick, type Random, seededRandom } from './testing/random.ts'
import {
  backUp,
  changeImage,
  pointId,
  randomImage,
  restoreById,
  scratchFolder,
  scratchRepository,
} from './testing/scratch.ts'

const seeds = 1200
const points = [pointId(1), pointId(2), pointId(3)]
const images: Buffer[] = []
let template: Awaited<ReturnType<typeof scratchFolder>>

beforeAll(async () => {
  template = await scratchFolder()
  const random = seededRandom(2026)
  const image = randomImage(random, 14 * chunkBytes - 100)
  const repository = await scratchRepository(template.path)
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
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const path = files[pick(random, files.length)] ?? ''
  const bytes = await readFile(path)
  const at = pick(random, bytes.length)
  const kind = pick(random, 4)
  if (kind === 0) {
    const flipped = Math.min(bytes.length - at, 1 + pick(random, 3))
    for (let each = at; each < at + flipped; each++) bytes[each] = (bytes[each] ?? 0) ^ (1 + pick(random, 255))
    await writeFile(path, bytes)
    return `flipped ${flipped} bytes at ${at} of ${path}`
  }
  if (kind === 1) {
    await writeFile(path, bytes.subarray(0, at))
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
  await writeFile(path, otherBytes)
  await writeFile(other, bytes)
  return `swapped ${path} and ${other}`
}

/** Whether the recovery point comes back as it was; throws only what a person can act on, and never gives other bytes. */
async function comesBack(open: () => ReturnType<typeof scratchRepository>, number: number): Promise<boolean> {
  try {
    const repository = await open()
    try {
      const restored = await restoreById(repository, points[number] ?? '')
      expect(restored.equals(images[number] ?? Buffer.alloc(0))).toBe(true)
      return true
    } finally {
      await repository.close()
    }
  } catch (error) {
    if (!(error instanceof SkerryError)) throw error
    expect(error.wayOut).toBeTruthy()
    return false
  }
}

test(`${seeds} corruptions: each is found, and nothing wrong is ever restored`, { timeout: 900_000 }, async () => {
  const done = { found: 0, harmless: 0, healed: 0 }
  for (let seed = 1; seed <= seeds; seed++) {
    const random = seededRandom(seed)
    await using folder = await scratchFolder()
    await cp(join(template.path, 'store'), join(folder.path, 'store'), { recursive: true })
    const isWarm = pick(random, 2) === 0
    if (isWarm) await cp(join(template.path, 'cache'), join(folder.path, 'cache'), { recursive: true })
    const what = await corrupt(random, join(folder.path, 'store'))
    if (!what) continue
    const open = () => scratchRepository(folder.path)

    const intact: number[] = []
    for (const number of points.keys()) if (await comesBack(open, number)) intact.push(number)
    try {
      const repository = await open()
      const report = await repository.verify({ expected: points })
      expect(report.damage.length, `seed ${seed}: ${what}`).toBeGreaterThan(0)
      const hurt = new Set(report.damage.flatMap(({ hurts }) => hurts.map(({ recoveryPointId }) => recoveryPointId)))
      // Whatever can't be restored is named.
      for (const number of points.keys()) {
        if (!intact.includes(number)) expect([...hurt], `seed ${seed}: ${what}`).toContain(points[number])
      }
      // A full backup of the same content makes the rest whole again.
      await backUp(repository, pointId(100), images[2] ?? Buffer.alloc(0))
      await repository.close()
      if (!intact.includes(2) && (await comesBack(open, 2))) done.healed++
      done.found++
    } catch (error) {
      // The datastore's mark or a key is lost: nothing opens at all, which says what is wrong.
      if (!(error instanceof SkerryError)) throw error
      expect(intact, `seed ${seed}: ${what}`).toEqual([])
      done.found++
    }
  }
  console.error(done)
  expect(done.found).toBeGreaterThan(1000)
  expect(done.healed).toBeGreaterThan(100)
})
