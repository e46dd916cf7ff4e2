/** Partition tables: GPT, and MBR with its extended partitions. */
import { crc32 } from 'node:zlib'
import { type ByteSource, readUpTo } from './byte-source.ts'
import { nameOfUnits } from './entry-name.ts'
import type { ReadLimit } from './read-limit.ts'

export interface Partition {
  /** As the guest's system counts it: 3 is vda3 */
  readonly number: number
  readonly startBytes: number
  readonly sizeBytes: number
  /** GPT's name, which is often empty */
  readonly name: string
}

export interface PartitionTable {
  readonly kind: 'GPT' | 'MBR'
  readonly partitions: readonly Partition[]
}

const sectorBytes = 512
const mostEntries = 1024
const mostLogical = 128
const protective = 0xee
const extendedTypes = [0x05, 0x0f, 0x85]

/** @returns nothing where there is no table */
export async function readPartitions(disk: ByteSource, limit: ReadLimit): Promise<PartitionTable | undefined> {
  const first = await readUpTo(disk, 0, sectorBytes, limit)
  if (first.length < sectorBytes) return undefined
  const gpt = await readGpt(disk, limit)
  if (gpt) return { kind: 'GPT', partitions: gpt }
  if (first.readUInt16LE(510) !== 0xaa55) return undefined
  const slots = slotsOf(first)
  const isTable = slots.every(({ status }) => status === 0 || status === 0x80) && slots.some(({ type }) => type !== 0)
  if (!isTable || slots.some(({ type }) => type === protective)) return undefined
  const partitions: Partition[] = []
  for (const [index, { type, start, count }] of slots.entries()) {
    if (type === 0 || count === 0) continue
    if (extendedTypes.includes(type)) partitions.push(...(await logicalOf(disk, start, limit)))
    else partitions.push(partition(index + 1, start, count))
  }
  const inside = partitions.filter(({ startBytes }) => startBytes > 0 && startBytes < disk.sizeBytes)
  if (inside.length === 0) return undefined
  return { kind: 'MBR', partitions: inside.sort((a, b) => a.number - b.number) }
}

const partition = (number: number, start: number, count: number): Partition => ({
  number,
  startBytes: start * sectorBytes,
  sizeBytes: count * sectorBytes,
  name: '',
})

function slotsOf(sector: Buffer) {
  return [0, 1, 2, 3].map((index) => {
    const at = 446 + index * 16
    return {
      status: sector.readUInt8(at),
      type: sector.readUInt8(at + 4),
      start: sector.readUInt32LE(at + 8),
      count: sector.readUInt32LE(at + 12),
    }
  })
}

/** Logical partitions are a chain of tables, each of one partition and the next table; one that leads in a circle ends. */
async function logicalOf(disk: ByteSource, extendedStart: number, limit: ReadLimit): Promise<Partition[]> {
  const found: Partition[] = []
  const seen = new Set<number>()
  for (let at = extendedStart; found.length < mostLogical && !seen.has(at); ) {
    seen.add(at)
    const sector = await readUpTo(disk, at * sectorBytes, sectorBytes, limit)
    if (sector.length < sectorBytes || sector.readUInt16LE(510) !== 0xaa55) break
    const [own, next] = slotsOf(sector)
    if (own && own.type !== 0 && own.count > 0) found.push(partition(5 + found.length, at + own.start, own.count))
    if (!next || next.type === 0 || next.count === 0) break
    at = extendedStart + next.start
  }
  return found
}

async function readGpt(disk: ByteSource, limit: ReadLimit): Promise<Partition[] | undefined> {
  for (const size of [512, 4096]) {
    // The copy at the end is for a damaged first one.
    for (const at of [size, disk.sizeBytes - size]) {
      const header = await readUpTo(disk, at, size, limit)
      const partitions = isGptHeader(header) ? await entriesOf(disk, header, size, limit) : undefined
      if (partitions) return partitions
    }
  }
  return undefined
}

function isGptHeader(header: Buffer): boolean {
  if (header.length < 512 || header.toString('latin1', 0, 8) !== 'EFI PART') return false
  const headerBytes = header.readUInt32LE(12)
  if (headerBytes < 92 || headerBytes > header.length) return false
  const checked = Buffer.from(header.subarray(0, headerBytes))
  checked.writeUInt32LE(0, 16)
  return crc32(checked) === header.readUInt32LE(16)
}

async function entriesOf(disk: ByteSource, header: Buffer, size: number, limit: ReadLimit) {
  const tableAt = Number(header.readBigUInt64LE(72)) * size
  const [count, entryBytes] = [header.readUInt32LE(80), header.readUInt32LE(84)]
  if (count > mostEntries || entryBytes < 128 || entryBytes > 4096 || !Number.isSafeInteger(tableAt)) return undefined
  const table = await readUpTo(disk, tableAt, count * entryBytes, limit)
  if (table.length < count * entryBytes || crc32(table) !== header.readUInt32LE(88)) return undefined
  const partitions: Partition[] = []
  for (let index = 0; index < count; index++) {
    const entry = table.subarray(index * entryBytes, (index + 1) * entryBytes)
    const [first, last] = [Number(entry.readBigUInt64LE(32)), Number(entry.readBigUInt64LE(40))]
    if (entry.subarray(0, 16).every((byte) => byte === 0) || last < first || first * size >= disk.sizeBytes) continue
    const units = Array.from({ length: 36 }, (_, unit) => entry.readUInt16LE(56 + unit * 2))
    const end = units.indexOf(0)
    partitions.push({
      number: index + 1,
      startBytes: first * size,
      sizeBytes: (last - first + 1) * size,
      name: nameOfUnits(end === -1 ? units : units.slice(0, end)),
    })
  }
  return partitions
}
