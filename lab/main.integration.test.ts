import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { run } from './command.ts'
import { type FleetDescription, readFleet } from './fleet.ts'
import { linksLeft, linksWithAddress, mountsNaming } from './testing/remains.ts'

const MAIN = join(import.meta.dirname, 'main.ts')
const HOSTS_LIMIT_MS = 20_000
const GUEST_LIMIT_MS = 60_000
const END_LIMIT_MS = 20_000

let dir = ''
// Labs take the lowest free number; one far from theirs stays free while this fleet is down, so that it comes back with its addresses.
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'skerry-fleet-'))
  await writeFile(join(dir, 'slot'), `${200 + (process.pid % 50)}`)
})
const started: ChildProcess[] = []
afterEach(async () => {
  for (const child of started.splice(0)) {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGTERM')) await ended
  }
  await expect.poll(() => readFleet(dir), { timeout: END_LIMIT_MS }).toBeUndefined()
  await rm(dir, { recursive: true, force: true })
})

function start(command: string, args: string[]): { child: ChildProcess; output: () => string } {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  started.push(child)
  let output = ''
  child.stdout?.on('data', (data: Buffer) => {
    output += data
  })
  return { child, output: () => output }
}

/** Ends it as Ctrl-C does. @returns its exit code */
function endOf(child: ChildProcess): Promise<unknown> {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  return ended
}

async function hostsUp(): Promise<FleetDescription> {
  await expect.poll(() => readFleet(dir), { timeout: HOSTS_LIMIT_MS }).toBeDefined()
  const fleet = await readFleet(dir)
  if (!fleet) throw new Error('The fleet has gone')
  return fleet
}

function virsh(fleet: FleetDescription, hostName: string, ...args: string[]): Promise<string> {
  const host = fleet.hosts.find((each) => each.name === hostName)
  return run('virsh', ['-q', '-c', `${host?.tlsUri}?pkipath=${host?.pki.dir}`, ...args])
}

const linksOf = (fleet: FleetDescription) =>
  linksWithAddress(`${fleet.hosts[0]?.address.split('.').slice(0, 3).join('.')}.`)

test('the standing fleet comes up, ends when told to, and goes on where it was', async () => {
  const startedMs = performance.now()
  const first = start(process.execPath, [MAIN, '--dir', dir])
  const fleet = await hostsUp()
  console.log(`${fleet.hosts.length} hosts were up after ${Math.round(performance.now() - startedMs)} ms`)
  expect(fleet.hosts.length).toBeGreaterThanOrEqual(5)
  expect(fleet.sites.map((site) => site.kind).sort()).toEqual(['edge', 'edge', 'region', 'region'])
  expect(new Set(fleet.guests.map((guest) => guest.tenantKey)).size).toBe(3)
  expect(fleet.guests.length).toBeGreaterThanOrEqual(10)
  for (const host of fleet.hosts) expect((await virsh(fleet, host.name, 'hostname')).trim()).toBe(host.name)
  await expect.poll(first.output, { timeout: GUEST_LIMIT_MS }).toMatch(/shop-web-1 runs on oslo-1/)
  const guest = fleet.guests.find((each) => each.name === 'shop-web-1')
  expect((await virsh(fleet, 'oslo-1', 'domuuid', 'shop-web-1')).trim()).toBe(guest?.uuid)

  const links = await linksOf(fleet)
  expect(links).toHaveLength(1)
  expect(await endOf(first.child)).toBe(0)
  expect(await linksLeft(links)).toEqual([])
  expect(await mountsNaming(dir)).toEqual([])
  for (const host of fleet.hosts) await expect(virsh(fleet, host.name, 'hostname')).rejects.toThrow()

  // Ended before its guests had their turn, it still owes them their start.
  const second = start(process.execPath, [MAIN, '--dir', dir])
  expect(await hostsUp()).toEqual(fleet)
  expect(second.output()).not.toMatch(/shop-web-1 runs/)
  expect(await endOf(second.child)).toBe(0)

  const third = start(process.execPath, [MAIN, '--dir', dir])
  expect(await hostsUp()).toEqual(fleet)
  await expect.poll(third.output, { timeout: GUEST_LIMIT_MS }).toMatch(/shop-web-1 runs on oslo-1/)
})

test('the fleet ends with the process that started it', async () => {
  const { child } = start('sh', ['-c', '"$0" "$@"; true', process.execPath, MAIN, '--dir', dir])
  const links = await linksOf(await hostsUp())
  expect(links).toHaveLength(1)
  child.kill('SIGKILL')
  await expect.poll(() => linksLeft(links), { timeout: END_LIMIT_MS }).toEqual([])
  await expect.poll(() => readFleet(dir), { timeout: END_LIMIT_MS }).toBeUndefined()
})

test('the check answers by status and sentence', async () => {
  expect(await run(process.execPath, [MAIN, 'check'])).toBe('This machine can run the lab.\n')
  const asNobody = ['--reuid', '65534', '--clear-groups', process.execPath, MAIN, 'check']
  await expect(run('setpriv', asNobody)).rejects.toThrow(/The lab needs root/)
})
