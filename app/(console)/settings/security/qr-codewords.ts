/** Level M, by version: error correction codewords a block, and blocks. */
const correctionOf = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26]
const blocksOf = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16]

export const lastVersion = correctionOf.length

/** The bits of a code of this version that has room for `total` codewords; null when the bytes don't fit. */
export function qrBits(bytes: Uint8Array, version: number, total: number): string | null {
  const correction = correctionOf[version - 1] ?? 0
  const blockCount = blocksOf[version - 1] ?? 1
  const capacity = total - correction * blockCount
  const lengthBits = version < 10 ? 8 : 16
  if (4 + lengthBits + 8 * bytes.length > 8 * capacity) return null
  const bits = `0100${binary(bytes.length, lengthBits)}${[...bytes].map((byte) => binary(byte, 8)).join('')}`
  return interleaved(padded(bits, capacity), correction, blockCount)
}

const binary = (value: number, length: number) => value.toString(2).padStart(length, '0')

function padded(bits: string, capacity: number): number[] {
  const ended = bits + '0'.repeat(Math.min(4, 8 * capacity - bits.length))
  const codewords = (ended.match(/.{1,8}/g) ?? []).map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2))
  const filling = Array.from({ length: capacity - codewords.length }, (_, index) => (index % 2 === 0 ? 0xec : 0x11))
  return [...codewords, ...filling]
}

/** The blocks' codewords in turn, then their corrections in turn; the last blocks may be one longer. */
function interleaved(data: readonly number[], correction: number, blockCount: number): string {
  const short = Math.floor(data.length / blockCount)
  const firstLong = blockCount - (data.length % blockCount)
  const begin = (block: number) => block * short + Math.max(0, block - firstLong)
  const blocks = Array.from({ length: blockCount }, (_, block) => data.slice(begin(block), begin(block + 1)))
  const corrections = blocks.map((block) => corrected(block, correction))
  const inTurn = (lists: number[][], length: number) =>
    Array.from({ length }, (_, at) => lists.flatMap((list) => list[at] ?? [])).flat()
  return [...inTurn(blocks, short + 1), ...inTurn(corrections, correction)].map((byte) => binary(byte, 8)).join('')
}

/** Product in GF(256) modulo x⁸ + x⁴ + x³ + x² + 1. */
function times(a: number, b: number): number {
  let product = 0
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ (product & 0x80 ? 0x11d : 0) ^ ((b >> bit) & 1 ? a : 0)
  }
  return product
}

/** Reed–Solomon: the remainder of the data by the generator with the roots 2⁰ … 2ⁿ⁻¹. */
export function corrected(data: readonly number[], count: number): number[] {
  let generator = [1]
  for (let index = 0, root = 1; index < count; index += 1, root = times(root, 2)) {
    const factor = root
    const before = generator
    generator = [...before, 0].map((value, at) => value ^ times(before[at - 1] ?? 0, factor))
  }
  let rest = new Array<number>(count).fill(0)
  for (const value of data) {
    const factor = value ^ (rest[0] ?? 0)
    rest = [...rest.slice(1), 0].map((kept, at) => kept ^ times(generator[at + 1] ?? 0, factor))
  }
  return rest
}
