import { nameOfUnits } from './entry-name.ts'

/** What a folder of FAT says of a file. */
export interface FatEntry {
  readonly name: string
  readonly isFolder: boolean
  readonly isReadOnly: boolean
  readonly cluster: number
  readonly sizeBytes: number
  readonly modifiedAt: Date | undefined
}

export const entryBytes = 32
const attribute = { readOnly: 0x01, volume: 0x08, folder: 0x10, longName: 0x0f }
const lastPart = 0x40
const unitOffsets = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30]
const mostParts = 20

/** Reads entries one after the other; long names come in parts before the entry that they name. */
export class FatEntryReader {
  #parts: number[][] = []
  #sum = -1
  #expected = 0

  /** @returns `end` after the last one; nothing for what is no file */
  read(bytes: Buffer): FatEntry | 'end' | undefined {
    const first = bytes.readUInt8(0)
    if (first === 0) return 'end'
    const kind = bytes.readUInt8(11)
    if (first !== 0xe5 && (kind & 0x3f) === attribute.longName) {
      this.#addPart(bytes, first)
      return undefined
    }
    const long = this.#longName(bytes)
    this.#parts = []
    this.#expected = 0
    if (first === 0xe5 || kind & attribute.volume) return undefined
    const name = long ?? shortName(bytes)
    if (name === '.' || name === '..' || name === '') return undefined
    return {
      name,
      isFolder: (kind & attribute.folder) !== 0,
      isReadOnly: (kind & attribute.readOnly) !== 0,
      cluster: bytes.readUInt16LE(20) * 65536 + bytes.readUInt16LE(26),
      sizeBytes: bytes.readUInt32LE(28),
      modifiedAt: timeOf(bytes.readUInt16LE(24), bytes.readUInt16LE(22)),
    }
  }

  #addPart(bytes: Buffer, order: number) {
    const number = order & 0x1f
    if (order & lastPart) {
      this.#parts = []
      this.#sum = bytes.readUInt8(13)
      this.#expected = number
    }
    if (number === 0 || number > mostParts || number !== this.#expected || bytes.readUInt8(13) !== this.#sum) {
      this.#parts = []
      this.#expected = 0
      return
    }
    this.#expected--
    this.#parts.unshift(unitOffsets.map((at) => bytes.readUInt16LE(at)))
  }

  #longName(bytes: Buffer): string | undefined {
    if (this.#parts.length === 0 || this.#expected !== 0 || sumOf(bytes) !== this.#sum) return undefined
    const units = this.#parts.flat()
    const end = units.indexOf(0)
    return nameOfUnits(end === -1 ? units : units.slice(0, end))
  }
}

/** Whether the first cluster number has 32 bits is the file system's to know. */
export function sumOf(bytes: Buffer): number {
  let sum = 0
  for (let at = 0; at < 11; at++) sum = (((sum & 1) << 7) + (sum >> 1) + bytes.readUInt8(at)) & 0xff
  return sum
}

/** Letters of code page 850 from 0x80 on: nothing says which page was used, and this one has western letters. */
const highLetters =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}'
const lowerName = 0x08
const lowerExtension = 0x10

function shortName(bytes: Buffer): string {
  const cased = bytes.readUInt8(12)
  const text = (from: number, to: number, isLower: boolean) => {
    const units = [...bytes.subarray(from, to)].map((byte, index) => {
      // 0xe5 as the first letter would say deleted.
      const letter = from === 0 && index === 0 && byte === 0x05 ? 0xe5 : byte
      return letter < 0x80 ? letter : highLetters.charCodeAt(letter - 0x80)
    })
    const name = nameOfUnits(units).trimEnd()
    return isLower ? name.toLowerCase() : name
  }
  const name = text(0, 8, (cased & lowerName) !== 0)
  const extension = text(8, 11, (cased & lowerExtension) !== 0)
  return extension ? `${name}.${extension}` : name
}

/** FAT knows no time zone: its hours are taken as they stand. */
function timeOf(date: number, time: number): Date | undefined {
  if (date === 0) return undefined
  const [year, month, day] = [1980 + (date >> 9), (date >> 5) & 0xf, date & 0x1f]
  return new Date(Date.UTC(year, month - 1, day, time >> 11, (time >> 5) & 0x3f, (time & 0x1f) * 2))
}

export function volumeLabel(bytes: Buffer): string | undefined {
  const kind = bytes.readUInt8(11)
  const isLabel = bytes.readUInt8(0) !== 0xe5 && (kind & attribute.volume) !== 0 && (kind & 0x3f) !== attribute.longName
  return isLabel ? nameOfUnits([...bytes.subarray(0, 11)]).trim() : undefined
}
