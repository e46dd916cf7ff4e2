import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { run } from './command.ts'
import { identify, isAlive, killProcess, type ProcessIdentity } from './process.ts'

/** One entry a running lab; it tells a later one what to clean up when this one could not. */
const REGISTRY_DIR = '/run/skerry-lab'
const SLOT_COUNT = 250
/** Numbers up to this one are for labs that come back to theirs; those of an hour take one above. */
const KEPT_SLOT_COUNT = 50
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

  /**
   * Takes `preferred` when it is free, else another. A lab that is thrown away (it has a `disposableDir`) takes any, so that a number is
   * seldom used again at once. Rejects when all are taken.
   */
  static async claim(id: string, preferred: number | undefined, disposableDir: string | undefined): Promise<Slot> {
    const owner = identify(process.pid)
    if (!owner) throw new Error('This process has no entry in /proc')
    await mkdir(REGISTRY_DIR, { recursive: true, mode: 0o700 })
    const candidates = disposableDir ? throwAwaySlots() : range(1, SLOT_COUNT)
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

  /** Makes a dead lab's slot this process's own, to clear it. @returns whether no other was sooner */
  static async takeOver(record: SlotRecord): Promise<boolean> {
    const owner = identify(process.pid)
    const path = recordPath(record.slot)
    // Of several that try, one renames it. The slot stays taken meanwhile: a new lab in it would be cleared too.
    const taken = await rename(path, `${path}.dead`).then(
      () => true,
      () => false,
    )
    if (taken && owner) await new Slot({ ...record, owner }).save()
    return taken
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
      const path = recordPath(this.number)
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
      if (!(await Slot.takeOver(record))) continue
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
    return JSON.parse(await readFile(recordPath(name), 'utf8')) as SlotRecord
  } catch {
    const age = await stat(dir).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    )
    return age < CLAIM_GRACE_MS ? 'claiming' : undefined
  }
}

const recordPath = (slot: number | string) => join(REGISTRY_DIR, `${slot}`, 'record.json')

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index)

/** All that throw-away labs may have, from one of them on. */
function throwAwaySlots(): number[] {
  const slots = range(KEPT_SLOT_COUNT + 1, SLOT_COUNT)
  const start = Math.floor(Math.random() * slots.length)
  return [...slots.slice(start), ...slots.slice(0, start)]
}

/** Another network of this machine uses the addresses. */
function isForeign(slot: number): boolean {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return addresses.some((entry) => entry.address.startsWith(`${subnetPrefix(slot)}.`))
}
