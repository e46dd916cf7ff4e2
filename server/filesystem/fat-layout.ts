import { isPowerOfTwo } from './ext-layout.ts'

export interface FatLayout {
  readonly kind: 'FAT12' | 'FAT16' | 'FAT32'
  readonly fatOffset: number
  readonly fatBytes: number
  readonly clusterBytes: number
  readonly clusterCount: number
  /** Of cluster 2, the first */
  readonly dataOffset: number
  /** Of FAT12 and FAT16, whose root folder has a place of its own */
  readonly rootOffset: number
  readonly rootBytes: number
  /** Of FAT32 */
  readonly rootCluster: number
}

const fewestOf16 = 4085
const fewestOf32 = 65525

/** @returns nothing where the first sector is not one of FAT's */
export function readFatLayout(sector: Buffer): FatLayout | undefined {
  if (sector.length < 512 || sector.readUInt16LE(510) !== 0xaa55) return undefined
  if (sector[0] !== 0xeb && sector[0] !== 0xe9) return undefined
  const sectorBytes = sector.readUInt16LE(11)
  const perCluster = sector.readUInt8(13)
  const [reserved, fats] = [sector.readUInt16LE(14), sector.readUInt8(16)]
  const rootEntries = sector.readUInt16LE(17)
  const sectors = sector.readUInt16LE(19) || sector.readUInt32LE(32)
  const fatSectors = sector.readUInt16LE(22) || sector.readUInt32LE(36)
  const isSound =
    [512, 1024, 2048, 4096].includes(sectorBytes) &&
    isPowerOfTwo(perCluster) &&
    reserved > 0 &&
    (fats === 1 || fats === 2) &&
    fatSectors > 0 &&
    sector.readUInt8(21) >= 0xf0
  if (!isSound) return undefined
  const rootBytes = rootEntries * 32
  const rootSectors = Math.ceil(rootBytes / sectorBytes)
  const rootOffset = (reserved + fats * fatSectors) * sectorBytes
  const dataSectors = sectors - reserved - fats * fatSectors - rootSectors
  const clusterCount = Math.floor(dataSectors / perCluster)
  if (clusterCount < 1) return undefined
  const kind = clusterCount < fewestOf16 ? 'FAT12' : clusterCount < fewestOf32 ? 'FAT16' : 'FAT32'
  // Only FAT32 has no root folder of a fixed place.
  if ((kind === 'FAT32') !== (rootEntries === 0)) return undefined
  return {
    kind,
    fatOffset: reserved * sectorBytes,
    fatBytes: fatSectors * sectorBytes,
    clusterBytes: perCluster * sectorBytes,
    clusterCount,
    dataOffset: rootOffset + rootSectors * sectorBytes,
    rootOffset,
    rootBytes,
    rootCluster: kind === 'FAT32' ? sector.readUInt32LE(44) : 0,
  }
}
