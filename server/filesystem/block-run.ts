/** Blocks of a file that lie one after the other; without a place they are zeros. */
export interface BlockRun {
  readonly logical: number
  readonly physical: number | undefined
  readonly count: number
}

/** Fills the gaps between runs that come in rising order, up to the end, and puts neighbours together. */
export async function* wholeRuns(runs: AsyncIterable<BlockRun>, end: number, most: number): AsyncGenerator<BlockRun> {
  let next = 0
  let held: { logical: number; physical: number | undefined; count: number } | undefined
  for await (const run of runs) {
    if (run.logical >= end) break
    const count = Math.min(run.count, end - run.logical)
    const joins =
      held?.physical !== undefined &&
      run.physical === held.physical + held.count &&
      run.logical === held.logical + held.count &&
      held.count + count <= most
    if (held && joins) held.count += count
    else {
      if (held) yield held
      if (run.logical > next) yield { logical: next, physical: undefined, count: run.logical - next }
      held = { logical: run.logical, physical: run.physical, count }
    }
    next = run.logical + count
  }
  if (held) yield held
  if (next < end) yield { logical: next, physical: undefined, count: end - next }
}

const zeros = Buffer.alloc(1024 * 1024)

export function* zeroBytes(length: number): Generator<Buffer> {
  for (let left = length; left > 0; left -= zeros.length) yield left < zeros.length ? zeros.subarray(0, left) : zeros
}
