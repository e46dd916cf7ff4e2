import { lastVersion, qrBits } from './qr-codewords.ts'

/** Rows of modules, true is dark; null is free for data. */
type Modules = (boolean | null)[][]

const masks: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
]

/**
 * A text as a QR code (ISO/IEC 18004, bytes, error correction level M).
 * @returns rows of modules, true is dark, without the quiet zone of 4. @throws RangeError beyond 666 bytes
 */
export function qrCode(text: string): boolean[][] {
  const bytes = new TextEncoder().encode(text)
  for (let version = 1; version <= lastVersion; version += 1) {
    const frame = framed(version)
    const free = frame.flat().filter((module) => module === null).length
    const bits = qrBits(bytes, version, Math.floor(free / 8))
    if (bits === null) continue
    const candidates = masks.map((_, mask) => filled(frame, bits, mask))
    return candidates.reduce((best, candidate) => (penalty(candidate) < penalty(best) ? candidate : best))
  }
  throw new RangeError('The text is too long for a QR code')
}

const isBitSet = (bits: number, bit: number) => ((bits >> bit) & 1) === 1

function put(modules: Modules, x: number, y: number, isDark: boolean): void {
  const row = modules[y]
  if (row && x >= 0 && x < row.length) row[x] = isDark
}

/** Concentric squares about a module; `lightRings` are those at these distances from it. */
function putTarget(modules: Modules, centreX: number, centreY: number, radius: number, lightRings: readonly number[]) {
  for (let dy = -radius; dy <= radius; dy += 1) {
    for (let dx = -radius; dx <= radius; dx += 1) {
      const ring = Math.max(Math.abs(dx), Math.abs(dy))
      put(modules, centreX + dx, centreY + dy, !lightRings.includes(ring))
    }
  }
}

/** What every code of a version has: timing, alignment, finders, version, and room kept for the format. */
function framed(version: number): Modules {
  const size = 17 + 4 * version
  const modules: Modules = Array.from({ length: size }, () => new Array<boolean | null>(size).fill(null))
  for (let at = 0; at < size; at += 1) {
    put(modules, at, 6, at % 2 === 0)
    put(modules, 6, at, at % 2 === 0)
  }
  const gaps = version === 1 ? 0 : Math.floor(version / 7) + 1
  const gap = gaps === 0 ? 0 : Math.ceil((2 * version + 2) / gaps) * 2
  const places = gaps === 0 ? [] : [6, ...Array.from({ length: gaps }, (_, at) => size - 7 - (gaps - 1 - at) * gap)]
  const isEnd = (place: number) => place === 6 || place === size - 7
  for (const y of places) {
    for (const x of places) {
      const isUnderFinder = isEnd(x) && isEnd(y) && x + y < 2 * (size - 7)
      if (!isUnderFinder) putTarget(modules, x, y, 2, [1])
    }
  }
  putTarget(modules, 3, 3, 4, [2, 4])
  putTarget(modules, size - 4, 3, 4, [2, 4])
  putTarget(modules, 3, size - 4, 4, [2, 4])
  putFormat(modules, 0)
  if (version < 7) return modules
  const bits = (version << 12) | remainder(version, 12, 0x1f25)
  for (let bit = 0; bit < 18; bit += 1) {
    const across = size - 11 + (bit % 3)
    put(modules, Math.floor(bit / 3), across, isBitSet(bits, bit))
    put(modules, across, Math.floor(bit / 3), isBitSet(bits, bit))
  }
  return modules
}

/** The check bits of a BCH code. */
function remainder(value: number, length: number, generator: number): number {
  let rest = value
  for (let step = 0; step < length; step += 1) rest = (rest << 1) ^ (isBitSet(rest, length - 1) ? generator : 0)
  return rest & ((1 << length) - 1)
}

/** Level M and the mask, twice, and the one module that is always dark. */
function putFormat(modules: Modules, mask: number): void {
  const size = modules.length
  const bits = ((mask << 10) | remainder(mask, 10, 0x537)) ^ 0x5412
  for (let bit = 0; bit < 15; bit += 1) {
    const isDark = isBitSet(bits, bit)
    if (bit < 8) {
      put(modules, 8, bit < 6 ? bit : bit + 1, isDark)
      put(modules, size - 1 - bit, 8, isDark)
    } else {
      put(modules, bit === 8 ? 7 : 14 - bit, 8, isDark)
      put(modules, 8, size - 15 + bit, isDark)
    }
  }
  put(modules, 8, size - 8, true)
}

/** The frame with the data in pairs of columns from the right, up and down in turn. */
function filled(frame: Modules, bits: string, mask: number): boolean[][] {
  const isInverted = masks[mask]
  const modules = frame.map((row) => [...row])
  const size = modules.length
  let next = 0
  for (let right = size - 1, pair = 0; right > 0; right -= right === 8 ? 3 : 2, pair += 1) {
    for (let step = 0; step < 2 * size; step += 1) {
      const x = right - (step % 2)
      const y = pair % 2 === 0 ? size - 1 - (step >> 1) : step >> 1
      if (modules[y]?.[x] !== null) continue
      put(modules, x, y, (bits[next] === '1') !== isInverted?.(x, y))
      next += 1
    }
  }
  putFormat(modules, mask)
  return modules.map((row) => row.map(Boolean))
}

/** How hard it is to read: long runs, blocks, what looks like a finder, and too much of one colour. */
function penalty(modules: readonly boolean[][]): number {
  const rows = modules.map((row) => row.map((isDark) => (isDark ? '1' : '0')).join(''))
  const columns = rows.map((_, x) => rows.map((row) => row[x]).join(''))
  const lines = [...rows, ...columns]
  const runs = lines.flatMap((line) => line.match(/0{5,}|1{5,}/g) ?? []).reduce((sum, run) => sum + run.length - 2, 0)
  const finders = lines.flatMap((line) => line.match(/(?=00001011101|10111010000)/g) ?? []).length
  let blocks = 0
  for (const [y, row] of modules.slice(1).entries()) {
    const above = modules[y]
    for (let x = 1; x < row.length; x += 1) {
      if (row[x] === row[x - 1] && row[x] === above?.[x] && row[x] === above?.[x - 1]) blocks += 1
    }
  }
  const dark = rows.join('').replaceAll('0', '').length / rows.length ** 2
  return runs + 3 * blocks + 40 * finders + 10 * Math.floor(Math.abs(dark - 0.5) * 20)
}
