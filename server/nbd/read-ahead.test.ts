import { expect, test } from 'vitest'
import { serverRun } from '#server/testing/nbd-server-run.ts'
import { connectNbd } from './connect.ts'
import type { NbdExport } from './export.ts'
import { readAhead } from './read-ahead.ts'
import { codeOf } from './testing/failure.ts'
import { MemoryExport } from './testing/memory-export.ts'
import { pattern } from './testing/random.ts'

const MIB = 2 ** 20
const run = serverRun()

async function open(disk: NbdExport) {
  const { socketPath } = await run().serve({ disk })
  return connectNbd({ socketPath, exportName: 'disk' })
}

test('gives the data of extents in order, cut at the same places whatever the extents are', async () => {
  const disk = new MemoryExport(pattern(4 * MIB))
  const client = await open(disk)
  const extents = [
    { offset: 100, length: 3 * MIB, flags: 1 },
    { offset: 3 * MIB + 65536, length: 10, flags: 1 },
  ]
  const places = []
  for await (const { offset, bytes } of readAhead(client, extents, { pieceBytes: MIB, pieces: 2 })) {
    places.push([offset, bytes.length])
    expect(Buffer.compare(bytes, disk.bytes.subarray(offset, offset + bytes.length))).toBe(0)
  }
  expect(places).toEqual([
    [100, MIB - 100],
    [MIB, MIB],
    [2 * MIB, MIB],
    [3 * MIB, 100],
    [3 * MIB + 65536, 10],
  ])
  await client.close()
})

test('reads no further ahead than told, and stops with its taker', async () => {
  const disk = new MemoryExport(pattern(32 * MIB))
  const client = await open(disk)
  let taken = 0
  for await (const _ of readAhead(client, [{ offset: 0, length: 32 * MIB, flags: 0 }], {
    pieceBytes: MIB,
    pieces: 3,
  })) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(disk.calls.length).toBeLessThanOrEqual(taken + 3)
    taken++
    if (taken === 4) break
  }
  await client.close()
  expect(client.unansweredCount).toBe(0)
  expect(disk.calls.length).toBeLessThanOrEqual(7)
})

test('a piece that fails is told in its turn, and an abort at once', async () => {
  const disk = new MemoryExport(pattern(8 * MIB))
  const read = disk.read.bind(disk)
  const client = await open(
    Object.assign(disk, {
      async read(offset: number, length: number) {
        if (offset >= 2 * MIB) throw new Error('damaged')
        return read(offset, length)
      },
    }),
  )
  const whole = [{ offset: 0, length: 8 * MIB, flags: 0 }]
  const places: number[] = []
  const reading = (async () => {
    for await (const { offset } of readAhead(client, whole, { pieceBytes: MIB })) places.push(offset)
  })()
  expect(await codeOf(reading)).toBe('io')
  expect(places).toEqual([0, MIB])
  const controller = new AbortController()
  const aborted = (async () => {
    for await (const _ of readAhead(client, whole, { pieceBytes: 4096, signal: controller.signal })) controller.abort()
  })()
  expect(await codeOf(aborted)).toBe('aborted')
  await client.close()
})
