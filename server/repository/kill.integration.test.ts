import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { chunkBytes } from './layout.ts'
import { pick, seededRandom } from './testing/random.ts'
import {
  backUp,
  changeImage,
  collected,
  pointId,
  randomImage,
  restoreById,
  scratchFolder,
  scratchRepository,
} from './testing/scratch.ts'

const seeds = 60
const child = new URL('./testing/writing-child.ts', import.meta.url).pathname

const startWriter = () => spawn(process.execPath, [child], { stdio: ['pipe', 'pipe', 'inherit'] })
type Writer = ReturnType<typeof startWriter>

/** Gives a writer its order and kills it, after its first `open`, at a random instant. @returns the last point that it committed */
async function writeAndKill(writer: Writer, folder: string, seed: number, first: number): Promise<number> {
  const random = seededRandom(seed * 7919)
  writer.stdin.write(`${folder} ${seed} ${first}\n`)
  const closed = once(writer, 'close')
  let said = ''
  const opened = new Promise<void>((resolve) => {
    writer.stdout.on('data', (text) => {
      said += text
      if (said.includes('open\n')) resolve()
    })
  })
  await Promise.race([opened, closed])
  await new Promise((resolve) => setTimeout(resolve, pick(random, 400)))
  writer.kill('SIGKILL')
  await closed
  expect(writer.signalCode).toBe('SIGKILL')
  return Number(said.trim().split('\n').at(-1)?.replace('open', '0') ?? 0)
}

/** The image of each point as the child wrote it. */
function stateOf(seed: number, first: number, number: number): Buffer {
  const random = seededRandom(seed)
  const image = randomImage(random, 20 * chunkBytes)
  for (let each = first + 1; each <= number; each++) changeImage(random, image, 5)
  return image
}

test(`${seeds} writers are killed while they back up, remove and collect: every point is whole, the next backup is good`, {
  timeout: 900_000,
}, async () => {
  let committed = 0
  // The next one starts while the work of the one before is judged.
  let next = startWriter()
  for (let seed = 1; seed <= seeds; seed += 3) {
    await using folder = await scratchFolder()
    for (let round = 0; round < 3; round++) {
      const first = 1000 * (round + 1)
      const writer = next
      next = startWriter()
      const last = await writeAndKill(writer, folder.path, seed + round, first)
      const repository = await scratchRepository(folder.path, { cache: 'judge', sessionLeaseMs: 1 })
      const ids = await collected(repository.recoveryPointIds())
      expect((await repository.verify({ expected: ids })).damage).toEqual([])
      // What it said that it committed, and did not remove since, is there.
      if (last >= first) expect(ids).toContain(pointId(last))
      for (const id of ids) {
        const number = Number.parseInt(id.slice(-12), 16)
        if (number < first || number >= first + 1000) continue
        committed++
        expect((await restoreById(repository, id)).equals(stateOf(seed + round, first, number))).toBe(true)
      }
      const image = stateOf(seed + round, first, first)
      await backUp(repository, pointId(first + 999), image)
      for (let pass = 0; pass < 3; pass++) await repository.collect()
      expect((await repository.verify({ expected: [...ids, pointId(first + 999)] })).damage).toEqual([])
      expect((await restoreById(repository, pointId(first + 999))).equals(image)).toBe(true)
      await repository.close()
    }
  }
  next.kill('SIGKILL')
  expect(committed).toBeGreaterThan(seeds)
})
