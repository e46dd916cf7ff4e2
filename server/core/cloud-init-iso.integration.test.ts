import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildSeedIso } from './cloud-init-iso.ts'

const folder = mkdtempSync(join(tmpdir(), 'skerry-seed-'))
const path = join(folder, 'seed.iso')
const userData = `#cloud-config\nruncmd:\n  - echo "æøå" # ${'x'.repeat(5000)}\n`
const networkConfig = 'version: 2\n'

beforeAll(() => {
  writeFileSync(path, buildSeedIso({ userData, instanceId: 'i-1', hostname: 'web', networkConfig }))
})
afterAll(() => rmSync(folder, { recursive: true }))

const isoinfo = (...args: string[]) => execFileSync('isoinfo', ['-i', path, ...args]).toString()

test('another reader finds the volume, by both ways of naming', () => {
  const about = isoinfo('-d')
  expect(about).toMatch(/Volume id: cidata/)
  expect(about).toMatch(/Joliet with UCS level 3/)
  expect(about).toMatch(/Rock Ridge signatures .* found/)
})

describe.each([
  ['Rock Ridge', '-R'],
  ['Joliet', '-J'],
])('%s', (_, flag) => {
  test('lists the names as they are', () => {
    const names = isoinfo(flag, '-f').trim().split('\n')
    expect(names.sort()).toEqual(['/meta-data', '/network-config', '/user-data'])
  })

  test('gives the bytes as they are', () => {
    expect(isoinfo(flag, '-x', '/user-data')).toBe(userData)
    expect(isoinfo(flag, '-x', '/network-config')).toBe(networkConfig)
    expect(isoinfo(flag, '-x', '/meta-data')).toBe('instance-id: i-1\nlocal-hostname: web\n')
  })
})

test('the same input at the same time gives the same disc, and the network is optional', () => {
  const at = new Date('2026-01-01T00:00:00Z')
  const seed = { userData, instanceId: 'i', hostname: 'h' }
  expect(buildSeedIso(seed, at)).toEqual(buildSeedIso(seed, at))
  writeFileSync(path, buildSeedIso(seed, at))
  expect(isoinfo('-R', '-f')).not.toContain('network-config')
})
