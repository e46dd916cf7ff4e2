/**
 * A NoCloud disc as cloud-init reads it: an ISO 9660 volume labelled `cidata` with its files in the root directory. The
 * names are written as they are (lower case and hyphens), which Linux takes, though the standard is stricter.
 */
const sectorBytes = 2048
const rootSector = 20
const pathTableSectors = { little: 18, big: 19 } as const

/** @param files by name, such as meta-data and user-data; together they fit one directory sector */
export function seedDisc(files: Readonly<Record<string, string>>): Uint8Array {
  const entries = Object.entries(files)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, text]) => ({ name, bytes: Buffer.from(text, 'utf8') }))
  let sector = rootSector + 1
  const placed = entries.map((entry) => {
    const at = sector
    sector += Math.max(1, Math.ceil(entry.bytes.length / sectorBytes))
    return { ...entry, sector: at }
  })
  const disc = Buffer.alloc(sector * sectorBytes)
  const root = directoryRecord(Buffer.from([0]), rootSector, sectorBytes, true)
  writeDescriptor(disc.subarray(16 * sectorBytes, 17 * sectorBytes), sector, root)
  disc.write('\xffCD001\x01', 17 * sectorBytes, 'latin1')
  for (const [order, at] of Object.entries(pathTableSectors)) {
    const table = disc.subarray(at * sectorBytes)
    table.writeUInt8(1, 0)
    if (order === 'little') table.writeUInt32LE(rootSector, 2)
    else table.writeUInt32BE(rootSector, 2)
    table.writeUInt16LE(order === 'little' ? 1 : 0x100, 6)
  }
  const records = [
    root,
    directoryRecord(Buffer.from([1]), rootSector, sectorBytes, true),
    ...placed.map(({ name, sector: at, bytes }) =>
      directoryRecord(Buffer.from(name, 'latin1'), at, bytes.length, false),
    ),
  ]
  Buffer.concat(records).copy(disc, rootSector * sectorBytes)
  for (const { bytes, sector: at } of placed) bytes.copy(disc, at * sectorBytes)
  return disc
}

/** Numbers stand twice in it, in both byte orders. */
function both32(buffer: Buffer, value: number, at: number): void {
  buffer.writeUInt32LE(value, at)
  buffer.writeUInt32BE(value, at + 4)
}
function both16(buffer: Buffer, value: number, at: number): void {
  buffer.writeUInt16LE(value, at)
  buffer.writeUInt16BE(value, at + 2)
}

function directoryRecord(name: Buffer, sector: number, sizeBytes: number, isDirectory: boolean): Buffer {
  const record = Buffer.alloc(33 + name.length + ((name.length + 1) % 2))
  record.writeUInt8(record.length, 0)
  both32(record, sector, 2)
  both32(record, sizeBytes, 10)
  // 1 January 2000: the same files always give the same disc.
  record.set([100, 1, 1, 0, 0, 0, 0], 18)
  record.writeUInt8(isDirectory ? 2 : 0, 25)
  both16(record, 1, 28)
  record.writeUInt8(name.length, 32)
  name.copy(record, 33)
  return record
}

function writeDescriptor(descriptor: Buffer, sectors: number, root: Buffer): void {
  descriptor.fill(' ', 8, 72)
  descriptor.fill(' ', 190, 813)
  descriptor.write('\x01CD001\x01', 0, 'latin1')
  descriptor.write('cidata', 40, 'latin1')
  both32(descriptor, sectors, 80)
  both16(descriptor, 1, 120)
  both16(descriptor, 1, 124)
  both16(descriptor, sectorBytes, 128)
  both32(descriptor, 10, 132)
  descriptor.writeUInt32LE(pathTableSectors.little, 140)
  descriptor.writeUInt32BE(pathTableSectors.big, 148)
  root.copy(descriptor, 156)
  for (const at of [813, 830, 847, 864]) descriptor.write('0000000000000000\0', at, 'latin1')
  descriptor.writeUInt8(1, 881)
}
