import { idBytes } from './layout.ts'
import { type LocationRecord, readRecord, recordBytes } from './location-run.ts'
import type { OpenRun } from './middle-map.ts'

/** Two bytes for each id that the map knows: who names it, nobody, one, or more than one. 66 MB for a full disk of 2 TiB. */
export class IdOwners {
  readonly shared: number
  readonly #runs: readonly OpenRun[]
  readonly #owners: readonly (Uint16Array | Uint32Array)[]

  constructor(runs: readonly OpenRun[], ownerCount: number) {
    const isFew = ownerCount < 0xfffe
    this.#runs = runs
    this.#owners = runs.map(({ file }) => (isFew ? new Uint16Array(file.count) : new Uint32Array(file.count)))
    this.shared = isFew ? 0xfffe : 0xfffffffe
  }

  /** @param owner a number below the count, or `shared` @returns where the id stands and its frame's bytes */
  claim(id: Buffer, owner: number): { place: number; storedBytes: number } | undefined {
    for (const [number, { file }] of this.#runs.entries()) {
      const found = file.find(id, ({ storedBytes }, position) => ({ position, storedBytes }))
      const owners = this.#owners[number]
      if (!found || !owners) continue
      const { position, storedBytes } = found
      const before = owners[position] ?? 0
      owners[position] = before === 0 || before === owner + 1 ? owner + 1 : this.shared + 1
      return { place: number * 2 ** 40 + position, storedBytes }
    }
    return undefined
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
