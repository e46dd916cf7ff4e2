import { idBytes } from './layout.ts'
import { type LocationRecord, readRecord, recordBytes } from './location-run.ts'

const firstSlots = 4096
/** An empty slot has a frame of no bytes, which no record has. */
const lengthAt = 40

/** Places of chunks that are in no run yet: an open-addressed table of records, 44 bytes a slot. */
export class RecentLocations {
  #slots = Buffer.alloc(firstSlots * recordBytes)
  #slotCount = firstSlots
  count = 0

  add(id: Buffer, { packNumber, offset, storedBytes, flags }: LocationRecord): void {
    if ((this.count + 1) * 10 > this.#slotCount * 7) this.#grow()
    const at = this.#freeSlot(id, 0)
    id.copy(this.#slots, at)
    this.#slots.writeUInt32LE(packNumber, at + 32)
    this.#slots.writeUInt32LE(offset, at + 36)
    this.#slots.writeUIntLE(storedBytes, at + lengthAt, 3)
    this.#slots[at + 43] = flags
    this.count++
  }

  find<T>(id: Buffer, accept: (record: LocationRecord) => T | undefined): T | undefined {
    let slot = id.readUInt32LE(0) % this.#slotCount
    for (;;) {
      const at = slot * recordBytes
      if (this.#slots.readUIntLE(at + lengthAt, 3) === 0) return undefined
      if (this.#slots.compare(id, 0, idBytes, at, at + idBytes) === 0) {
        const accepted = accept(readRecord(this.#slots, at))
        if (accepted !== undefined) return accepted
      }
      slot = slot + 1 === this.#slotCount ? 0 : slot + 1
    }
  }

  /** The records sorted by id. */
  sorted(): Buffer[] {
    const records: Buffer[] = []
    for (let at = 0; at < this.#slots.length; at += recordBytes) {
      if (this.#slots.readUIntLE(at + lengthAt, 3) > 0) records.push(this.#slots.subarray(at, at + recordBytes))
    }
    return records.sort((a, b) => a.compare(b, 0, idBytes, 0, idBytes))
  }

  clear(): void {
    this.#slotCount = firstSlots
    this.#slots = Buffer.alloc(firstSlots * recordBytes)
    this.count = 0
  }

  #freeSlot(id: Buffer, idAt: number): number {
    let slot = id.readUInt32LE(idAt) % this.#slotCount
    while (this.#slots.readUIntLE(slot * recordBytes + lengthAt, 3) > 0)
      slot = slot + 1 === this.#slotCount ? 0 : slot + 1
    return slot * recordBytes
  }

  #grow() {
    const old = this.#slots
    this.#slotCount *= 2
    this.#slots = Buffer.alloc(this.#slotCount * recordBytes)
    for (let at = 0; at < old.length; at += recordBytes) {
      if (old.readUIntLE(at + lengthAt, 3) > 0) old.copy(this.#slots, this.#freeSlot(old, at), at, at + recordBytes)
    }
  }
}
