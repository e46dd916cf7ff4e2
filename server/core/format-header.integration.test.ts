import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { formatOfHeader, headerBytes } from './format-header.ts'

/** The beginning of a file as QEMU makes it. */
function made(format: string, ...options: string[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'header-'))
  try {
    const path = join(folder, 'disk')
    execFileSync('qemu-img', ['create', '-q', '-f', format, ...options, path, '1M'])
    return readFileSync(path).subarray(0, headerBytes)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test.each(['qcow2', 'qed', 'vmdk', 'vhdx', 'parallels', 'vdi'])(
  'a file that QEMU made as %s looks like it',
  (format) => {
    expect(formatOfHeader(made(format))).toBe(format)
  },
)

test('a descriptor that names its files does too, as does a dynamic disk image', () => {
  expect(formatOfHeader(made('vmdk', '-o', 'subformat=monolithicFlat'))).toBe('vmdk')
  expect(formatOfHeader(made('vpc'))).toBe('vpc')
})

test('a raw file, an empty one and one with a partition table look like none', () => {
  expect(formatOfHeader(made('raw'))).toBeNull()
  expect(formatOfHeader(Buffer.alloc(0))).toBeNull()
  expect(formatOfHeader(Buffer.concat([Buffer.alloc(510), Buffer.from([0x55, 0xaa])]))).toBeNull()
})
