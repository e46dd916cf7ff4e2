import { idBytes } from './layout.ts'
import { type LocationRecord, readRecord, recordBytes } from './location-run.ts'
import type { OpenRun } from './middle-map.ts'

/**
 * Two bytes for each id that the map knows: who names it, nobody, one owner, several of one group, or of several. 66 MB
 * for a full disk of 2 TiB. An owner is a number below the count; what several of a group name belongs to the group's
 * own number, after those, and the rest to `shared`.
 */
export class IdOwners {
  readonly shared: number
  readonly #groups: readonly number[]
  readonly #runs: readonly OpenRun[]
  readonly #owners: readonly (Uint16Array | Uint32Array)[]

  /** @param groups of each owner, by number from 0 up */
  constructor(runs: readonly OpenRun[], groups: readonly number[]) {
    const isFew = groups.length + Math.max(0, ...groups) + 1 < 0xfffe
    this.#runs = runs
    this.#groups = groups
    this.#owners = runs.map(({ file }) => (isFew ? new Uint16Array(file.count) : new Uint32Array(file.count)))
    this.shared = isFew ? 0xfffe : 0xfffffffe
  }

  /** @param owner also a group's number, or `shared` @returns where the id stands and its frame's bytes */
  claim(id: Buffer, owner: number): { place: number; storedBytes: number } | undefined {
    for (const [number, { file }] of this.#runs.entries()) {
      const found = file.find(id, ({ storedBytes }, position) => ({ position, storedBytes }))
      const owners = this.#owners[number]
      if (!found || !owners) continue
      const { position, storedBytes } = found
      const before = owners[position] ?? 0
      owners[position] = before === 0 || before === owner + 1 ? owner + 1 : this.#together(before - 1, owner) + 1
      return { place: number * 2 ** 40 + position, storedBytes }
    }
    return undefined
  }

  groupOf(owner: number): number | undefined {
    return owner === this.shared ? undefined : (this.#groups[owner] ?? owner - this.#groups.length)
  }

  #together(one: number, other: number): number {
    const group = this.groupOf(one)
    return group !== undefined && group === this.groupOf(other) ? this.#groups.length + group : this.shared
  }

  ownerAt(place: number): number {
    return (this.#owners[Math.floor(place / 2 ** 40)]?.[place % 2 ** 40] ?? 0) - 1
  }

  /** Every id that somebody names, once. */
  *claimed(): Generator<{ owner: number; record: LocationRecord }> {
    for (const [number, { file }] of this.#runs.entries()) {
      const owners = this.#owners[number]
      for (const { records, first } of file.blocks()) {
        for (let at = 0; at < records.length; at += recordBytes) {
          const owner = owners?.[first + at / recordBytes] ?? 0
          if (owner > 0) yield { owner: owner - 1, record: readRecord(records, at) }
        }
      }
    }
  }
}

export const idsOf = function* (ids: Buffer): Generator<Buffer> {
  for (let at = 0; at < ids.length; at += idBytes) yield ids.subarray(at, at + idBytes)
}
