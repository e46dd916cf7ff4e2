import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { idBytes } from './layout.ts'
import { type LocationRecord, LocationRun, type RunPack, RunWriter, recordBytes } from './location-run.ts'
import type { PackEntry } from './pack.ts'
import { RecentLocations } from './recent-locations.ts'

/** A pack as this process knows it. */
export interface PackState extends RunPack {
  /** It is no longer in the store. */
  gone: boolean
  /** It will be deleted: it may be read, but nothing new may count on it. */
  condemned: boolean
  /** Its footer or its length is not as it was: another process could not use it. */
  unsound: boolean
}

/** Where a copy of a chunk lies. */
export interface Location {
  readonly pack: PackState
  readonly offset: number
  readonly storedBytes: number
  readonly flags: number
}

export interface OpenRun {
  readonly file: LocationRun
  /** The run's packs by their number in it. */
  readonly packs: readonly PackState[]
}

const mostRecent = 65_536
/** A run that was not finished for so long was left behind by a process that was killed. */
const leftoverMs = 3600_000

/**
 * From a chunk's id, its middle address, to the packs that hold it now. Compaction changes this map alone; manifests
 * keep naming ids. The map is a cache of the packs' footers in a local folder and can be thrown away at any time.
 */
export class MiddleMap {
  readonly #folder: string
  readonly #packs = new Map<string, PackState>()
  readonly #recent = new RecentLocations()
  #recentPacks: PackState[] = []
  #runs: OpenRun[] = []
  #merging: Promise<void> | undefined
  #frozen = 0

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
    for (const name of readdirSync(folder)) {
      const path = join(folder, name)
      if (name.endsWith('.run')) this.#load(path)
      else if (Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > leftoverMs)
        rmSync(path, { force: true })
    }
    this.#runs.sort((a, b) => b.file.count - a.file.count)
  }

  pack(id: string): PackState | undefined {
    return this.#packs.get(id)
  }

  get packs(): IterableIterator<PackState> {
    return this.#packs.values()
  }

  /** Makes the chunks of a stored pack known. */
  add(pack: RunPack, entries: readonly PackEntry[]): void {
    const known = this.#packs.get(pack.id)
    if (known) {
      known.gone = false
      return
    }
    const state = { ...pack, gone: false, condemned: false, unsound: false }
    this.#packs.set(pack.id, state)
    const packNumber = this.#recentPacks.push(state) - 1
    for (const entry of entries) this.#recent.add(entry.id, { packNumber, ...entry })
    if (this.#recent.count >= mostRecent) this.flush()
  }

  /** The first known place of a chunk that is accepted; the newest come first. */
  find(id: Buffer, accept: (location: Location) => boolean): Location | undefined {
    const judge = (packs: readonly PackState[]) => (record: LocationRecord) => {
      const pack = packs[record.packNumber]
      if (!pack || pack.gone) return undefined
      const location = { pack, offset: record.offset, storedBytes: record.storedBytes, flags: record.flags }
      return accept(location) ? location : undefined
    }
    const recent = this.#recent.find(id, judge(this.#recentPacks))
    if (recent) return recent
    for (let at = this.#runs.length - 1; at >= 0; at--) {
      const run = this.#runs[at]
      const found = run?.file.find(id, judge(run.packs))
      if (found) return found
    }
    return undefined
  }

  /** Writes what is only in memory to a run, so that the next start need not read its packs' footers. */
  flush(): void {
    if (this.#recent.count === 0) return
    const packs = this.#recentPacks
    const path = join(this.#folder, `${randomBytes(8).toString('hex')}.run`)
    const writer = new RunWriter(path, packs, this.#recent.count)
    for (const record of this.#recent.sorted()) writer.add(record, 0, record.readUInt32LE(idBytes))
    this.#runs.push({ file: writer.finish(), packs })
    this.#recent.clear()
    this.#recentPacks = []
    this.#merging ??= this.#mergeSmall().finally(() => {
      this.#merging = undefined
    })
  }

  /** The runs as they are now, which stay until `release`; what comes in between goes to new runs. */
  async freeze(): Promise<{ runs: readonly OpenRun[]; release: () => void }> {
    this.flush()
    await this.#merging
    this.#frozen++
    const release = () => {
      this.#frozen--
    }
    return { runs: [...this.#runs], release }
  }

  async close(): Promise<void> {
    this.flush()
    await this.#merging
    for (const { file } of this.#runs.splice(0)) file.close()
  }

  #load(path: string) {
    try {
      const file = LocationRun.open(path)
      const packs = file.packs.map((pack) => {
        const state = this.#packs.get(pack.id) ?? { ...pack, gone: false, condemned: false, unsound: false }
        this.#packs.set(pack.id, state)
        return state
      })
      this.#runs.push({ file, packs })
    } catch {
      rmSync(path, { force: true })
    }
  }

  /** Keeps each run at least twice as long as the next, so that lookups ask few of them. */
  async #mergeSmall() {
    await yieldToOthers()
    while (this.#frozen === 0) {
      const at = this.#runs.findLastIndex((run, index) => {
        const next = this.#runs[index + 1]
        return next !== undefined && run.file.count < next.file.count * 2
      })
      const [first, second] = [this.#runs[at], this.#runs[at + 1]]
      if (!first || !second) return
      const merged = await this.#merge(first, second)
      this.#runs.splice(this.#runs.indexOf(first), 2, merged)
      for (const { file } of [first, second]) {
        file.close()
        rmSync(file.path, { force: true })
      }
    }
  }

  async #merge(first: OpenRun, second: OpenRun): Promise<OpenRun> {
    const packs = [...new Set([...first.packs, ...second.packs])].filter((pack) => !pack.gone)
    const numbers = new Map(packs.map((pack, number) => [pack, number]))
    const path = join(this.#folder, `${randomBytes(8).toString('hex')}.run`)
    const writer = new RunWriter(path, packs, first.file.count + second.file.count)
    const sides = [new RunCursor(first), new RunCursor(second)] as const
    let untilYield = mostRecent
    for (;;) {
      const [a, b] = sides
      if (a.isDone && b.isDone) break
      const side = b.isDone || (!a.isDone && a.compare(b) <= 0) ? a : b
      const number = side.pack && numbers.get(side.pack)
      if (number !== undefined) writer.add(side.records, side.at, number)
      side.advance()
      if (--untilYield > 0) continue
      untilYield = mostRecent
      await yieldToOthers()
    }
    return { file: writer.finish(), packs }
  }
}

/** Goes through the records of a run. */
class RunCursor {
  readonly #run: OpenRun
  readonly #blocks: Generator<{ records: Buffer }>
  records: Buffer = Buffer.alloc(0)
  at = 0
  isDone = false

  constructor(run: OpenRun) {
    this.#run = run
    this.#blocks = run.file.blocks()
    this.#load()
  }

  get pack(): PackState | undefined {
    return this.#run.packs[this.records.readUInt32LE(this.at + idBytes)]
  }

  compare(other: RunCursor): number {
    return this.records.compare(other.records, other.at, other.at + idBytes, this.at, this.at + idBytes)
  }

  advance() {
    this.at += recordBytes
    if (this.at >= this.records.length) this.#load()
  }

  #load() {
    const next = this.#blocks.next()
    this.isDone = next.done === true
    this.records = next.done ? Buffer.alloc(0) : next.value.records
    this.at = 0
  }
}
