import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { MiddleMap } from './middle-map.ts'
import { pick, randomBytesOf, seededRandom } from './testing/random.ts'
import { scratchFolder } from './testing/scratch.ts'

vi.setConfig({ testTimeout: 60_000 })

const keyId = Buffer.alloc(8, 1)
const packId = (number: number) => number.toString(16).padStart(32, '0')

/** Packs with random ids, some of them in several packs. */
function fill(map: MiddleMap, random: () => number, packCount: number, perPack: number) {
  const known = new Map<string, { pack: string; offset: number }[]>()
  const ids: Buffer[] = []
  for (let number = 0; number < packCount; number++) {
    const entries = Array.from({ length: perPack }, (_, index) => {
      const again = ids.length > 0 && random() < 0.1 ? ids[pick(random, ids.length)] : undefined
      const id = again ?? randomBytesOf(random, 32)
      ids.push(id)
      const entry = { id, offset: 64 + index * 100, storedBytes: 100, flags: index % 2 }
      known.set(id.toString('hex'), [
        ...(known.get(id.toString('hex')) ?? []),
        { pack: packId(number), offset: entry.offset },
      ])
      return entry
    })
    map.add({ id: packId(number), keyId, sizeBytes: 1000 }, entries)
    if (number % 7 === 0) map.flush()
  }
  return known
}

test('every place of every id is found, over restarts, merges and packs that are gone', async () => {
  await using folder = await scratchFolder()
  const random = seededRandom(51)
  const map = new MiddleMap(folder.path)
  const known = fill(map, random, 60, 300)
  const check = (each: MiddleMap, isGone: (pack: string) => boolean) => {
    for (const [hex, places] of known) {
      const found: string[] = []
      each.find(Buffer.from(hex, 'hex'), ({ pack, offset }) => {
        found.push(`${pack.id}.${offset}`)
        return false
      })
      const expected = places.filter(({ pack }) => !isGone(pack)).map(({ pack, offset }) => `${pack}.${offset}`)
      expect(new Set(found)).toEqual(new Set(expected))
    }
    expect(each.find(randomBytesOf(random, 32), () => true)).toBeUndefined()
  }
  check(map, () => false)
  await map.close()
  expect((await readdir(folder.path)).length).toBeLessThan(8)

  const again = new MiddleMap(folder.path)
  check(again, () => false)
  const isGone = (pack: string) => Number.parseInt(pack, 16) % 3 === 0
  for (const pack of again.packs) pack.gone = isGone(pack.id)
  check(again, isGone)
  await again.close()
})

test('a run that was cut short or altered is left out, and its packs are unknown again', async () => {
  await using folder = await scratchFolder()
  const map = new MiddleMap(folder.path)
  fill(map, seededRandom(52), 3, 10)
  await map.close()
  const [name = ''] = await readdir(folder.path)
  await writeFile(join(folder.path, name), Buffer.alloc(100, 1))
  const again = new MiddleMap(folder.path)
  expect([...again.packs]).toEqual([])
  expect(await readdir(folder.path)).toEqual([])
})
