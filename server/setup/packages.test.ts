import { describe, expect, test } from 'vitest'
import { missingPackages, planInstall } from './packages.mjs'

const wanted = [
  { name: 'qemu-utils', binary: '/nowhere/qemu-img' },
  { name: 'cpio', binary: process.execPath },
]

describe('missing packages', () => {
  test('are those that dpkg does not list as installed', () => {
    expect(missingPackages(wanted, 'ii  qemu-utils\nrc  cpio\nii  cpio-doc\n')).toEqual(['cpio'])
    expect(missingPackages(wanted, 'ii  qemu-utils\nii  cpio\n')).toEqual([])
    expect(missingPackages(wanted, 'hi  qemu-utils\n')).toEqual(['cpio'])
  })

  test('are told by their programs where there is no dpkg', () => {
    expect(missingPackages(wanted, undefined)).toEqual(['qemu-utils'])
  })
})

describe('what is done about them', () => {
  const machine = {
    missing: ['qemu-utils', 'cpio'],
    platform: 'linux' as const,
    hasApt: true,
    isRoot: false,
    hasSudo: false,
    sudoNeedsPassword: true,
    isTerminal: false,
  }

  test('nothing when nothing is missing, whatever the machine', () => {
    expect(planInstall({ ...machine, missing: [] })).toEqual({ kind: 'nothing' })
    expect(planInstall({ ...machine, missing: [], hasApt: false })).toEqual({ kind: 'nothing' })
  })

  test('root installs', () => {
    expect(planInstall({ ...machine, isRoot: true })).toEqual({ kind: 'install', prefix: [], interactive: false })
  })

  test('sudo without a password installs, also without a terminal', () => {
    const plan = planInstall({ ...machine, hasSudo: true, sudoNeedsPassword: false })
    expect(plan).toEqual({ kind: 'install', prefix: ['sudo', '-n'], interactive: false })
  })

  test('sudo with a password needs a terminal to ask on', () => {
    const plan = planInstall({ ...machine, hasSudo: true, isTerminal: true })
    expect(plan).toEqual({ kind: 'install', prefix: ['sudo'], interactive: true })
    expect(planInstall({ ...machine, hasSudo: true })).toMatchObject({ kind: 'ask' })
  })

  test('with neither, the person gets one command with every package', () => {
    expect(planInstall(machine)).toEqual({
      kind: 'ask',
      command: `su -c 'apt-get update && apt-get install -y --no-install-recommends qemu-utils cpio'`,
    })
    expect(planInstall({ ...machine, hasSudo: true })).toMatchObject({
      command: expect.stringMatching(/^sudo sh -c '/),
    })
  })

  test('a machine without apt, or of another system, is told so', () => {
    expect(planInstall({ ...machine, hasApt: false, isRoot: true })).toMatchObject({ kind: 'impossible' })
    expect(planInstall({ ...machine, platform: 'darwin' })).toMatchObject({ kind: 'impossible' })
  })
})
