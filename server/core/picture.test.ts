import { execFileSync } from 'node:child_process'
import { inflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { asPng, sizeOfPng } from './picture.ts'

const most = 2 ** 20
const pixmap = (head: string, pixels: readonly number[]) => ({
  bytes: Buffer.concat([Buffer.from(head), Buffer.from(pixels)]),
})

test('a pixmap becomes a PNG of the same pixels', () => {
  const png = asPng(pixmap('P6\n# by QEMU\n2 2\n255\n', [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7]), most)
  expect(sizeOfPng(png ?? Buffer.alloc(24))).toEqual({ width: 2, height: 2 })
  const length = png?.readUInt32BE(33) ?? 0
  expect(png?.toString('latin1', 37, 41)).toBe('IDAT')
  expect([...inflateSync(png?.subarray(41, 41 + length) ?? Buffer.alloc(0))]).toEqual([
    ...[0, 255, 0, 0, 0, 255, 0],
    ...[0, 0, 0, 255, 9, 8, 7],
  ])
  // Another reader of PNG, with its checks of each part's sum.
  const read = 'import sys,zlib,struct;b=sys.stdin.buffer.read();p=8\n'.concat(
    'while p<len(b):\n n=struct.unpack(">I",b[p:p+4])[0];assert zlib.crc32(b[p+4:p+8+n])==struct.unpack(">I",b[p+8+n:p+12+n])[0];p+=12+n\nprint("whole")',
  )
  expect(execFileSync('python3', ['-c', read], { input: png ?? '' }).toString()).toBe('whole\n')
})

test('a PNG stays what it is', () => {
  const png = asPng(pixmap('P6 1 1 255 ', [1, 2, 3]), most)
  expect(asPng({ bytes: png ?? Buffer.alloc(0) }, most)).toEqual(png)
})

test.each([
  ['neither', 'GIF89a'],
  ['too few pixels', 'P6\n40 40\n255\nabc'],
  ['no size', 'P6\n0 0\n255\n'],
  ['16 bits', 'P6\n1 1\n65535\nabcdef'],
])('what is no picture is none: %s', (_, text) => {
  expect(asPng({ bytes: Buffer.from(text) }, most)).toBeNull()
})

test('a picture that is too large is left out', () => {
  expect(asPng(pixmap('P6 1 1 255 ', [1, 2, 3]), 10)).toBeNull()
})
