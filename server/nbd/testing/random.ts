/** Whole numbers below a bound, the same for the same seed. */
export function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Spoils a few bytes, as a broken or hostile peer would. */
export function spoil(bytes: Buffer, times: number, next: (below: number) => number, within = bytes.length): void {
  for (let count = times; count > 0; count--) {
    bytes[next(within)] = [0, 1, 127, 128, 255, next(256)][next(6)] ?? 0
  }
}

/** Bytes of which no two pages are equal. */
export function pattern(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes)
  for (let at = 0; at < sizeBytes; at += 4) bytes.writeUInt32LE((at * 2654435761) >>> 0, at)
  return bytes
}
