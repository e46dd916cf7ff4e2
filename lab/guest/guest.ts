import { constants, copyFile, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '#lab/command.ts'
import type { Host } from '#lab/host.ts'
import { IMAGES_DIR, SHARED_DIR } from '#lab/host-config.ts'
import { type GuestSettings, guestXml, serialLogPath, stableUuid } from './definition.ts'
import { DISK_SIZE_BYTES, RECORD_LAYOUT } from './disk.ts'
import { type Seed, writeSeed } from './seed.ts'

const RUN_LIMIT_MS = 60_000

export interface GuestOptions extends Partial<Omit<GuestSettings, 'name' | 'diskPath' | 'seedPath' | 'kernel'>> {
  name: string
  /** Pool for its disk: `default` or the name of a shared one. */
  pool?: string
  /** As a person's VM does; else its host gives it the kernel, which takes half the time: a BIOS reads in small pieces. */
  bootsFromDisk?: boolean
  /** There is data on its disk and no system: it runs and waits for one for ever, which costs hardly anything. */
  isEmpty?: boolean
  /** A seed disc; it replaces `address` and `command`, and does not move with the guest. */
  seed?: Seed
}

export interface Guest {
  name: string
  uuid: string
  /** Path of its disk on its host. */
  diskPath: string
}

/** A number the guest counted, and in which of its boots. */
export interface Count {
  n: number
  bootId: string
}

/** Copies the template to a disk of its own and defines a guest on the host; it stays off. 128 MiB and one vCPU by default. */
export async function createGuest(host: Host, options: GuestOptions): Promise<Guest> {
  const { name, pool = 'default', seed } = options
  const folder = pool === 'default' ? IMAGES_DIR : `${SHARED_DIR}/${pool}`
  const guest = { name, uuid: options.uuid ?? stableUuid(name), diskPath: `${folder}/${name}.qcow2` }
  const diskPath = host.outsidePath(guest.diskPath)
  if (options.isEmpty) await writeEmptyDisk(diskPath)
  else await copyFile(host.image.templatePath, diskPath, constants.COPYFILE_FICLONE)
  const seedPath = seed ? `${IMAGES_DIR}/${name}-seed.iso` : undefined
  if (seed && seedPath) await writeSeed(host.outsidePath(seedPath), seed)
  const xml = guestXml({
    accelerator: options.accelerator ?? host.accelerator,
    memoryMib: options.memoryMib ?? 128,
    vcpus: options.vcpus ?? 1,
    ...guest,
    ...(seedPath ? { seedPath } : {}),
    ...(options.address ? { address: options.address } : {}),
    ...(options.command ? { command: options.command } : {}),
    ...(options.bootsFromDisk || options.isEmpty ? {} : { kernel: host.image }),
  })
  await defineXml(host, xml)
  await host.virsh('pool-refresh', pool)
  return guest
}

/** Of the template's size, with a few MiB that differ from each other. */
async function writeEmptyDisk(path: string): Promise<void> {
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', path, String(DISK_SIZE_BYTES)])
  const writes = Array.from({ length: 12 }, (_, at) => ['-c', `write -q -P ${at + 1} ${at + 1}M 1M`])
  await run('qemu-io', ['-f', 'qcow2', ...writes.flat(), path])
}

/** As `createGuest`, then starts it and waits until its system is up. */
export async function startGuest(host: Host, options: GuestOptions): Promise<Guest> {
  const guest = await createGuest(host, options)
  await host.virsh('start', guest.name)
  if (!options.isEmpty) await waitForBoot(host, guest.name)
  return guest
}

/** Defines what the XML says on a host. */
export async function defineXml(host: Host, xml: string): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'skerry-define-'))
  try {
    await writeFile(join(dir, 'definition.xml'), xml)
    await host.virsh('define', join(dir, 'definition.xml'))
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** What a guest wrote on its serial console while it ran on this host. */
export async function serialText(host: Host, name: string): Promise<string> {
  return readFile(host.outsidePath(serialLogPath(name)), 'utf8').catch(() => '')
}

/** The numbers a guest counted on this host, oldest first, from its serial console. */
export async function serialCounts(host: Host, name: string): Promise<Count[]> {
  return parseCounts(await serialText(host, name))
}

/** Whether it counted on from a number that it had had, in the same boot. */
export const wentBack = (counts: readonly Count[]): boolean =>
  counts.some(({ n, bootId }, at) => n <= (counts[at - 1]?.n ?? 0) && bootId === counts[at - 1]?.bootId)

/** Waits until a guest has counted beyond `after` (in any boot) on this host, and returns the last count. */
export async function waitForCount(host: Host, name: string, after = 0, timeoutMs = 90_000): Promise<Count> {
  const deadline = Date.now() + timeoutMs
  while (Date.now() < deadline) {
    const last = (await serialCounts(host, name)).at(-1)
    if (last && last.n > after) return last
    await sleep(100)
  }
  throw new Error(
    `${name} on ${host.name} did not count beyond ${after} within ${timeoutMs} ms; its console ends: ${(await serialText(host, name)).slice(-300)}`,
  )
}

/** Waits until a guest that was started has its first boot in `boots` boots of this host's log behind it, and counts. */
export async function waitForBoot(host: Host, name: string, boots = 1, timeoutMs = 90_000): Promise<Count> {
  const deadline = Date.now() + timeoutMs
  while (Date.now() < deadline) {
    const text = await serialText(host, name)
    const at = text.split(/^BOOT /m)
    const last = parseCounts(at.length > boots ? (at.at(-1) ?? '') : '').at(-1)
    if (last) return last
    if (!host.isOn) throw new Error(`${name} did not boot: its host ${host.name} is off`)
    await sleep(100)
  }
  throw new Error(
    `${name} on ${host.name} did not boot within ${timeoutMs} ms; its console ends: ${(await serialText(host, name)).slice(-300)}`,
  )
}

/** Waits until the agent inside a running guest answers: a moment after it has booted. */
export async function waitForAgent(host: Host, name: string, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    try {
      await host.virsh('qemu-agent-command', name, '{"execute":"guest-ping"}', '--timeout', '5')
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(100)
    }
  }
}

/** Has the guest mount its files, so that there is a file system to freeze. */
export const mountFiles = (host: Host, name: string) => runInside(host, name, '/bin/files')

/** Starts a guest's agent anew, with options of its own, and returns when the new one answers. */
export async function restartAgent(host: Host, name: string, options: string): Promise<void> {
  const agents = () => runInside(host, name, '/bin/pidof', 'qemu-ga')
  const before = await agents()
  await runInside(host, name, '/bin/sh', '-c', `echo '${options}' >/run/agent-options`)
  // It may end before it answers.
  await askAgent(host, name, 'guest-exec', { path: '/bin/killall', arg: ['qemu-ga'] }, 5).catch(() => undefined)
  for (const deadline = Date.now() + RUN_LIMIT_MS; Date.now() < deadline; await sleep(50)) {
    const now = await agents().catch(() => '')
    if (now && now !== before) return
  }
  throw new Error(`In ${name} no new agent answered within ${RUN_LIMIT_MS} ms`)
}

/** Runs a program in a running guest by its agent, and returns what it printed. */
export async function runInside(host: Host, name: string, path: string, ...args: string[]): Promise<string> {
  const { pid } = await askAgent(host, name, 'guest-exec', { path, arg: args, 'capture-output': true })
  for (const deadline = Date.now() + RUN_LIMIT_MS; Date.now() < deadline; await sleep(100)) {
    const status = await askAgent(host, name, 'guest-exec-status', { pid })
    if (status.exited) return Buffer.from(status['out-data'] ?? '', 'base64').toString()
  }
  throw new Error(`In ${name} this did not end within ${RUN_LIMIT_MS} ms: ${[path, ...args].join(' ')}`)
}

async function askAgent(host: Host, name: string, execute: string, values: object, timeoutSeconds = 30) {
  const command = JSON.stringify({ execute, arguments: values })
  return JSON.parse(await host.virsh('qemu-agent-command', name, command, '--timeout', `${timeoutSeconds}`)).return
}

/** The records on a guest's disk, in the order of their places, read with qemu-img; the guest may run. */
export async function diskRecords(host: Host, diskPath: string): Promise<Count[]> {
  const dir = await mkdtemp(join(tmpdir(), 'skerry-records-'))
  try {
    const raw = join(dir, 'disk.raw')
    await run('qemu-img', ['convert', '-U', '-O', 'raw', host.outsidePath(diskPath), raw])
    const file = await open(raw)
    const buffer = Buffer.alloc(RECORD_LAYOUT.recordSizeBytes * RECORD_LAYOUT.count)
    await file.read(buffer, 0, buffer.length, RECORD_LAYOUT.offsetBytes)
    await file.close()
    return parseCounts(buffer.toString('latin1'))
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

function parseCounts(text: string): Count[] {
  return [...text.matchAll(/CNT (\d+) boot=([0-9a-f-]{36})/g)].map((match) => ({
    n: Number(match[1]),
    bootId: match[2] ?? '',
  }))
}
