/**
 * Writes the disc from which cloud-init's NoCloud source reads: an ISO 9660 image named `cidata` with its files in the
 * root. Names such as `user-data` are kept by Rock Ridge (Linux) and Joliet (Windows), both of which it carries.
 */

export interface Seed {
  /** `#cloud-config` or a script */
  userData: string
  /** Tells cloud-init a new machine from a restarted one */
  instanceId: string
  hostname: string
  /** cloud-init's network configuration; DHCP when absent */
  networkConfig?: string
}

interface IsoFile {
  name: string
  bytes: Buffer
  sector: number
}

const sectorBytes = 2048
const volumeName = 'cidata'
const firstDescriptor = 16
const pathTables = { primary: [19, 20], joliet: [21, 22] } as const
const rootSector = { primary: 23, joliet: 24 } as const
const firstFile = 25
const modes = { directory: 0o040555, file: 0o100444 } as const

const sectors = (bytes: number) => Math.ceil(bytes / sectorBytes)

/** ISO 9660 writes numbers in both byte orders. */
function both16(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt16LE(value, 0)
  bytes.writeUInt16BE(value, 2)
  return bytes
}

function both32(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32LE(value, 0)
  bytes.writeUInt32BE(value, 4)
  return bytes
}

const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16()
const padded = (bytes: Buffer, length: number, filler: Buffer) =>
  Buffer.concat([bytes, Buffer.alloc(length - bytes.length, filler)])

/** The first eight letters and the extension of a name, as a plain ISO 9660 reader needs it. */
const plainName = (name: string, index: number) =>
  `${name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '')
    .slice(0, 7)}${index}.;1`

function shortDate(at: Date): Buffer {
  const parts = [
    at.getUTCFullYear() - 1900,
    at.getUTCMonth() + 1,
    at.getUTCDate(),
    at.getUTCHours(),
    at.getUTCMinutes(),
  ]
  return Buffer.from([...parts, at.getUTCSeconds(), 0])
}

function longDate(at: Date | null): Buffer {
  const digits = at
    ? at
        .toISOString()
        .replaceAll(/[^0-9]/g, '')
        .slice(0, 16)
    : '0'.repeat(16)
  return Buffer.concat([Buffer.from(digits, 'ascii'), Buffer.from([0])])
}

/** Rock Ridge: POSIX mode, and the name as it is. */
const posixMode = (mode: number, links: number) =>
  Buffer.concat([Buffer.from('PX'), Buffer.from([36, 1]), both32(mode), both32(links), both32(0), both32(0)])
const posixName = (name: string) =>
  Buffer.concat([Buffer.from('NM'), Buffer.from([5 + name.length, 1, 0]), Buffer.from(name, 'ascii')])
/** Says at the start of the root that Rock Ridge follows. */
const announcement = Buffer.concat([
  Buffer.from('SP'),
  Buffer.from([7, 1, 0xbe, 0xef, 0]),
  Buffer.from('ER'),
  Buffer.from([18, 1, 10, 0, 0, 1]),
  Buffer.from('RRIP_1991A'),
])

interface Entry {
  name: Buffer
  sector: number
  bytes: number
  isDirectory: boolean
  extra?: Buffer
}

function directoryRecord({ name, sector, bytes, isDirectory, extra }: Entry, at: Date): Buffer {
  const body = Buffer.concat([
    both32(sector),
    both32(bytes),
    shortDate(at),
    Buffer.from([isDirectory ? 2 : 0, 0, 0]),
    both16(1),
    Buffer.from([name.length]),
    name,
    Buffer.alloc(name.length % 2 === 0 ? 1 : 0),
    extra ?? Buffer.alloc(0),
  ])
  const record = Buffer.concat([Buffer.from([body.length + 2, 0]), body])
  if (record.length % 2 === 0) return record
  const even = Buffer.concat([record, Buffer.alloc(1)])
  even[0] = even.length
  return even
}

function rootDirectory(kind: 'primary' | 'joliet', files: readonly IsoFile[], at: Date): Buffer {
  const rockRidge = kind === 'primary'
  const self = { sector: rootSector[kind], bytes: sectorBytes, isDirectory: true }
  const directory = posixMode(modes.directory, 2)
  const entries: Entry[] = [
    { ...self, name: Buffer.from([0]), ...(rockRidge ? { extra: Buffer.concat([announcement, directory]) } : {}) },
    { ...self, name: Buffer.from([1]), ...(rockRidge ? { extra: directory } : {}) },
    ...files.map(({ name, sector, bytes }, index) => ({
      name: rockRidge ? Buffer.from(plainName(name, index), 'ascii') : utf16be(name),
      sector,
      bytes: bytes.length,
      isDirectory: false,
      ...(rockRidge ? { extra: Buffer.concat([posixMode(modes.file, 1), posixName(name)]) } : {}),
    })),
  ]
  return Buffer.concat(entries.map((entry) => directoryRecord(entry, at)))
}

/** The only folder is the root. */
function pathTable(root: number, order: 'little' | 'big'): Buffer {
  const table = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  if (order === 'little') {
    table.writeUInt32LE(root, 2)
    table.writeUInt16LE(1, 6)
  } else {
    table.writeUInt32BE(root, 2)
    table.writeUInt16BE(1, 6)
  }
  return table
}

function descriptor(kind: 'primary' | 'joliet', totalSectors: number, at: Date): Buffer {
  const isJoliet = kind === 'joliet'
  const encode = (text: string) => (isJoliet ? utf16be(text) : Buffer.from(text, 'ascii'))
  const text = (value: string, length: number) => {
    const even = isJoliet ? length - (length % 2) : length
    return Buffer.concat([padded(encode(value), even, encode(' ')), Buffer.alloc(length - even)])
  }
  const tableBytes = pathTable(0, 'little').length
  const [little, big] = pathTables[kind]
  const locations = Buffer.alloc(16)
  locations.writeUInt32LE(little, 0)
  locations.writeUInt32BE(big, 8)
  const root = { name: Buffer.from([0]), sector: rootSector[kind], bytes: sectorBytes, isDirectory: true }
  return Buffer.concat([
    Buffer.from([isJoliet ? 2 : 1]),
    Buffer.from('CD001'),
    Buffer.from([1, 0]),
    text('', 32),
    text(volumeName, 32),
    Buffer.alloc(8),
    both32(totalSectors),
    padded(Buffer.from(isJoliet ? '%/E' : ''), 32, Buffer.from([0])),
    both16(1),
    both16(1),
    both16(sectorBytes),
    both32(tableBytes),
    locations,
    directoryRecord(root, at),
    text('', 128),
    text('', 128),
    text('', 128),
    text('SKERRY', 128),
    text('', 37),
    text('', 37),
    text('', 37),
    longDate(at),
    longDate(at),
    longDate(null),
    longDate(null),
    Buffer.from([1, 0]),
  ])
}

const terminator = Buffer.concat([Buffer.from([255]), Buffer.from('CD001'), Buffer.from([1])])

/** Simple readers of YAML don't know quotes: they are left out where it stays a text without them. */
function yamlText(text: string): string {
  const isPlain = /^[a-z][\w.-]*$/i.test(text) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(text)
  return isPlain ? text : JSON.stringify(text)
}

/** The image's bytes; the same for the same input and time. */
export function buildSeedIso(seed: Seed, at = new Date()): Uint8Array<ArrayBuffer> {
  const metaData = `instance-id: ${yamlText(seed.instanceId)}\nlocal-hostname: ${yamlText(seed.hostname)}\n`
  const texts = [
    ['meta-data', metaData],
    ...(seed.networkConfig === undefined ? [] : [['network-config', seed.networkConfig] as const]),
    ['user-data', seed.userData],
  ] as const
  let next = firstFile
  const files = texts.map(([name, text]): IsoFile => {
    const file = { name, bytes: Buffer.from(text, 'utf8'), sector: next }
    next += Math.max(1, sectors(file.bytes.length))
    return file
  })
  const image = new Uint8Array(next * sectorBytes)
  const place = (sector: number, bytes: Buffer) => image.set(bytes, sector * sectorBytes)
  place(firstDescriptor, descriptor('primary', next, at))
  place(firstDescriptor + 1, descriptor('joliet', next, at))
  place(firstDescriptor + 2, terminator)
  for (const kind of ['primary', 'joliet'] as const) {
    place(pathTables[kind][0], pathTable(rootSector[kind], 'little'))
    place(pathTables[kind][1], pathTable(rootSector[kind], 'big'))
    place(rootSector[kind], rootDirectory(kind, files, at))
  }
  for (const file of files) place(file.sector, file.bytes)
  return image
}
