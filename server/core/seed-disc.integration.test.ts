import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { seedDisc } from './seed-disc.ts'

const files = { 'meta-data': 'instance-id: i-1\n', 'user-data': `#cloud-config\n# ${'ü'.repeat(3000)}\n`, empty: '' }

test('the label stands where cloud-init and its friends look', () => {
  const disc = Buffer.from(seedDisc(files))
  expect(disc.toString('latin1', 32808, 32814)).toBe('cidata')
  expect(disc.length % 2048).toBe(0)
})

test('another reader finds every file as it was', () => {
  const folder = mkdtempSync(join(tmpdir(), 'skerry-disc-'))
  try {
    const path = join(folder, 'seed.iso')
    writeFileSync(path, seedDisc(files))
    const list = execFileSync('isoinfo', ['-f', '-i', path], { encoding: 'utf8' })
    expect(list.trim().split('\n').sort()).toEqual(['/empty', '/meta-data', '/user-data'])
    for (const [name, text] of Object.entries(files)) {
      expect(execFileSync('isoinfo', ['-i', path, '-x', `/${name}`], { encoding: 'utf8' })).toBe(text)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
