import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { runProgram, tryProgram } from './program.mjs'
import { SetupError } from './step.mjs'
import { waysToRoot } from './superuser.mjs'

/**
 * A Debian package, and a file by which it is known where there is no dpkg.
 * @typedef {{ name: string, binary: string }} SystemPackage
 */

/** What the browser tests need of the system; fonts, so that screenshots have letters. @type {SystemPackage[]} */
export const browserPackages = [
  { name: 'chromium', binary: '/usr/bin/chromium' },
  { name: 'fonts-liberation', binary: '/usr/share/fonts/truetype/liberation' },
]

/** What tests make disks with, beside what a lab has. @type {SystemPackage[]} */
export const imagePackages = [
  { name: 'dosfstools', binary: '/usr/sbin/mkfs.vfat' },
  { name: 'fdisk', binary: '/usr/sbin/sfdisk' },
  { name: 'gdisk', binary: '/usr/sbin/sgdisk' },
]

/**
 * What can be done about missing packages on this machine, as data, so that every machine can be thought of in a test.
 * @param {{ missing: string[], platform: NodeJS.Platform, hasApt: boolean, isRoot: boolean, hasSudo: boolean, sudoNeedsPassword: boolean, isTerminal: boolean }} machine
 * @returns {{ kind: 'nothing' } | { kind: 'install', prefix: string[], interactive: boolean } | { kind: 'ask', command: string } | { kind: 'impossible', reason: string }}
 */
export function planInstall({ missing, platform, hasApt, isRoot, hasSudo, sudoNeedsPassword, isTerminal }) {
  if (missing.length === 0) return { kind: 'nothing' }
  if (platform !== 'linux') return { kind: 'impossible', reason: `${platform} can't run a lab of QEMU hosts` }
  if (!hasApt) return { kind: 'impossible', reason: 'this machine has no apt to install packages with' }
  if (isRoot) return { kind: 'install', prefix: [], interactive: false }
  if (hasSudo && !sudoNeedsPassword) return { kind: 'install', prefix: ['sudo', '-n'], interactive: false }
  if (hasSudo && isTerminal) return { kind: 'install', prefix: ['sudo'], interactive: true }
  const install = `apt-get update && apt-get install -y --no-install-recommends ${missing.join(' ')}`
  return { kind: 'ask', command: `${hasSudo ? 'sudo sh -c' : 'su -c'} '${install}'` }
}

/**
 * @param {SystemPackage[]} wanted
 * @param {string | undefined} listing what dpkg-query says, a line a package: "ii  qemu-utils"; nothing where there is no dpkg
 * @returns {string[]} the names of those not fully installed
 */
export function missingPackages(wanted, listing) {
  if (listing === undefined) return wanted.filter(({ binary }) => !existsSync(binary)).map(({ name }) => name)
  const installed = new Set()
  for (const line of listing.split('\n')) {
    const [status, name] = line.trim().split(/\s+/)
    if (status?.[1] === 'i' && name) installed.add(name)
  }
  return wanted.map(({ name }) => name).filter((name) => !installed.has(name))
}

const dpkgFormat = `\${db:Status-Abbrev} \${Package}\\n`

/**
 * Installs what is missing of the wanted Debian packages, as root or through sudo.
 * @param {SystemPackage[]} wanted
 * @param {import('./step.mjs').Detail} detail
 * @returns {Promise<{ installed: string[], impossible?: string }>} `impossible`: why this machine can't have them
 * @throws {SetupError} with the one command to run, when they could be installed but not by us
 */
export async function ensurePackages(wanted, detail) {
  const listing = await tryProgram(['dpkg-query', '-W', '-f', dpkgFormat])
  const missing = missingPackages(wanted, listing.code === 0 ? listing.output : undefined)
  const plan = planInstall({
    missing,
    platform: process.platform,
    hasApt: spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0,
    ...waysToRoot(),
  })
  if (plan.kind === 'nothing') return { installed: [] }
  if (plan.kind === 'impossible') return { installed: [], impossible: plan.reason }
  if (plan.kind === 'ask') {
    throw new SetupError(
      `These system packages are missing, and installing them takes root. Run this once, then try again:\n\n` +
        `  ${plan.command}\n\nor go on without them, with simulated hosts: npm run up -- --simulated`,
    )
  }
  const apt = [...plan.prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-o', 'DPkg::Lock::Timeout=300']
  const options = { interactive: plan.interactive, onLine: detail, finishesPart: true }
  detail('reading the package lists')
  await runProgram([...apt, 'update', '-q'], options)
  await runProgram([...apt, 'install', '-y', '-q', '--no-install-recommends', ...missing], options)
  return { installed: missing }
}
