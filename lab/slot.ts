import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { run } from './command.ts'
import { identify, isAlive, killProcess, type ProcessIdentity } from './process.ts'

/** One entry a running lab; it tells a later one what to clean up when this one could not. */
const REGISTRY_DIR = '/run/skerry-lab'
const SLOT_COUNT = 250
const CLAIM_GRACE_MS = 10_000

export interface SlotRecord {
  id: string
  slot: number
  owner: ProcessIdentity
  processes: ProcessIdentity[]
  /** A folder to remove with the lab, when the lab made it itself. */
  disposableDir?: string
}

/** Name of the link that joins this machine to the lab of a slot. */
export function rootLinkName(slot: number): string {
  return `skerry-lab${slot}`
}

/** The first three numbers of a slot's addresses, a /24. */
export function subnetPrefix(slot: number): string {
  return `10.77.${slot}`
}

/** A number between 1 and 250 that is this lab's alone while its process lives: it fixes the subnet and the names of links. */
export class Slot {
  readonly record: SlotRecord
  private constructor(record: SlotRecord) {
    this.record = record
  }

  /** Takes `preferred` when it is free, else any other. Rejects when all are taken. */
  static async claim(id: string, preferred: number | undefined, disposableDir: string | undefined): Promise<Slot> {
    const owner = identify(process.pid)
    if (!owner) throw new Error('This process has no entry in /proc')
    await mkdir(REGISTRY_DIR, { recursive: true, mode: 0o700 })
    const candidates = Array.from({ length: SLOT_COUNT }, (_, index) => index + 1)
    for (const slot of preferred ? [preferred, ...candidates] : candidates) {
      if (isForeign(slot)) continue
      try {
        await mkdir(join(REGISTRY_DIR, `${slot}`))
      } catch {
        continue
      }
      const claimed = new Slot({ id, slot, owner, processes: [], ...(disposableDir ? { disposableDir } : {}) })
      await claimed.save()
      return claimed
    }
    throw new Error(`All ${SLOT_COUNT} lab networks are in use`)
  }

  get number(): number {
    return this.record.slot
  }

  /** Remembers a process of this lab, so that it can be found when this process dies. */
  async remember(pid: number): Promise<ProcessIdentity> {
    const identity = identify(pid)
    if (!identity) throw new Error(`Process ${pid} ended at once`)
    this.record.processes = [...this.record.processes.filter(isAlive), identity]
    await this.save()
    return identity
  }

  async release(): Promise<void> {
    await clear(this.record)
  }

  private writing: Promise<void> = Promise.resolve()
  private save(): Promise<void> {
    this.writing = this.writing.then(async () => {
      const path = join(REGISTRY_DIR, `${this.number}`, 'record.json')
      await writeFile(`${path}.new`, JSON.stringify(this.record))
      await rename(`${path}.new`, path)
    })
    return this.writing
  }
}

/** Removes what labs left behind whose process is dead. Returns their ids. */
export async function sweepSlots(): Promise<string[]> {
  const swept: string[] = []
  for (const name of await readdir(REGISTRY_DIR).catch(() => [])) {
    const record = await readRecord(name)
    if (record === 'claiming' || (record && isAlive(record.owner))) continue
    if (record) {
      await clear(record)
      swept.push(record.id)
    } else {
      await rm(join(REGISTRY_DIR, name), { recursive: true, force: true })
    }
  }
  return swept
}

async function clear(record: SlotRecord): Promise<void> {
  await Promise.all(record.processes.map((identity) => killProcess(identity)))
  // The kernel removes the link with the namespace at its other end, a moment after the last process in it.
  await run('ip', ['link', 'del', rootLinkName(record.slot)]).catch(() => '')
  if (record.disposableDir) await rm(record.disposableDir, { recursive: true, force: true })
  await rm(join(REGISTRY_DIR, `${record.slot}`), { recursive: true, force: true })
}

async function readRecord(name: string): Promise<SlotRecord | 'claiming' | undefined> {
  const dir = join(REGISTRY_DIR, name)
  try {
    return JSON.parse(await readFile(join(dir, 'record.json'), 'utf8')) as SlotRecord
  } catch {
    const age = await stat(dir).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    )
    return age < CLAIM_GRACE_MS ? 'claiming' : undefined
  }
}

/** Another network of this machine uses the addresses. */
function isForeign(slot: number): boolean {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return addresses.some((entry) => entry.address.startsWith(`${subnetPrefix(slot)}.`))
}
