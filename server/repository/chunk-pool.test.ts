import { createSecretKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { ChunkPool, openWork } from './chunk-pool.ts'
import { chunkBytes } from './layout.ts'
import { seededRandom } from './testing/random.ts'
import { backUp, pointId, randomImage, restoreById, scratchFolder, scratchRepository } from './testing/scratch.ts'

test('threads give what the spot gives: chunks as they were, and which frames are not as they were written', async () => {
  const pool = new ChunkPool({ workers: 2 })
  await using folder = await scratchFolder()
  const repository = await scratchRepository(folder.path, { pool, packBytes: 64 * chunkBytes })
  const image = randomImage(seededRandom(5), 300 * chunkBytes)
  await backUp(repository, pointId(1), image)
  expect((await restoreById(repository, pointId(1))).equals(image)).toBe(true)

  const { chunks } = repository
  const [pack] = chunks.map.packs
  const bytes = pack && (await chunks.store.get(chunks.packObjectKey(pack.id)))
  if (!pack || !bytes) throw new Error('no pack')
  const { entries } = await chunks.openPackFooter(pack.id, bytes.length, bytes)
  const frames = entries.slice(0, 12).map((entry) => {
    const frame = Buffer.from(bytes.subarray(entry.offset, entry.offset + entry.storedBytes))
    return { ...entry, bytes: frame }
  })
  const [altered, short, misplaced] = [frames[2], frames[5], frames[7]]
  if (!altered || !short || !misplaced) throw new Error('too few chunks')
  altered.bytes[9] = (altered.bytes[9] ?? 0) ^ 1
  frames[5] = { ...short, bytes: short.bytes.subarray(1) }
  frames[7] = { ...misplaced, offset: misplaced.offset + 1 }
  const opened = await chunks.openAll(pack, frames)
  expect(opened.flatMap((each, index) => ('problem' in each ? [index] : []))).toEqual([2, 5, 7])
  expect(opened[5]).toEqual({ problem: 'The frame is cut short' })
  const problems = await chunks.problemsIn(pack, frames)
  expect(problems).toEqual(opened.map((each) => ('problem' in each ? each.problem : undefined)))
  for (const [index, frame] of frames.entries()) {
    const each = opened[index]
    if (each && 'bytes' in each) expect(each.bytes.equals((await chunks.open(pack, frame)).bytes)).toBe(true)
  }
  await repository.close()
  await pool.close()
})

/** Views of memory that is not theirs alone: a thread would get a copy of all of it. */
function borrowed(value: unknown, path = ''): string[] {
  if (ArrayBuffer.isView(value)) {
    const isOwn = value.buffer instanceof SharedArrayBuffer || value.byteLength === value.buffer.byteLength
    return isOwn ? [] : [path]
  }
  if (typeof value !== 'object' || value === null || value instanceof SharedArrayBuffer) return []
  return Object.entries(value).flatMap(([name, each]) => borrowed(each, `${path}/${name}`))
}

test('what a thread is told has its own memory, whatever it was cut from', () => {
  const manifest = Buffer.alloc(2 ** 20, 7)
  const frames = [0, 1].map((at) => {
    const id = manifest.subarray(at * 32, at * 32 + 32)
    const about = { offset: 64 + at, storedBytes: 100, flags: 0, bytes: manifest.subarray(0, 100) }
    return { ...about, id, pack: { keyId: manifest.subarray(0, 8) } }
  })
  const idKey = { data: new Uint8Array(32), segment: new Uint8Array(32) }
  const keys = { secret: createSecretKey(Buffer.alloc(32)), ownerBytes: new Uint8Array(32), idKeys: [idKey] }
  const work = openWork(keys, frames, new SharedArrayBuffer(4096), true)
  expect(borrowed(work)).toEqual([])
  expect(borrowed({ frames })).not.toEqual([])
  expect(Object.keys(work.frames[0] ?? {}).sort()).toEqual(['flags', 'length', 'offset', 'storedBytes'])
  expect(Buffer.from(work.ids)).toEqual(manifest.subarray(0, 64))
})

test('whoever waits when the threads are ended is told', async () => {
  const pool = new ChunkPool({ workers: 1 })
  const waiting = pool.compress(pool.takeMemory(), 16)
  waiting.catch(() => undefined)
  await pool.close()
  await expect(waiting).rejects.toThrow('ended')
  await expect(pool.compress(pool.takeMemory(), 1)).rejects.toThrow('ended')
})
