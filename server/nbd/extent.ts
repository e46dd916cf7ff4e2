/** A stretch of an export of which a context says the same throughout. */
export interface Extent {
  offset: number
  length: number
  /** Bits that mean what the context says, such as `dirtyFlag` or `allocationFlag`. */
  flags: number
}

/** Joins neighbours of the same kind, whatever pieces they come in. */
export async function* mergeExtents(extents: AsyncIterable<Extent> | Iterable<Extent>): AsyncGenerator<Extent> {
  let last: Extent | undefined
  for await (const extent of extents) {
    if (extent.length === 0) continue
    if (last && last.flags === extent.flags && last.offset + last.length === extent.offset) {
      last.length += extent.length
    } else {
      if (last) yield last
      last = { ...extent }
    }
  }
  if (last) yield last
}

/** Which bytes of an answer have come, so that none is told twice and none is missing. */
export class Coverage {
  readonly #length: number
  /** Apart, in order. */
  readonly #parts: { start: number; end: number }[] = []

  constructor(length: number) {
    this.#length = length
  }

  get isWhole(): boolean {
    const [first] = this.#parts
    return this.#length === 0 || (first?.start === 0 && first.end === this.#length)
  }

  /** Whether all of it was free and inside; then it is taken. */
  take(start: number, length: number): boolean {
    const end = start + length
    if (start < 0 || length <= 0 || end > this.#length) return false
    let index = this.#parts.length
    while (index > 0 && (this.#parts[index - 1]?.start ?? 0) >= end) index--
    const before = this.#parts[index - 1]
    const after = this.#parts[index]
    if (before && before.end > start) return false
    const joinsBefore = before?.end === start
    if (after?.start === end) {
      after.start = joinsBefore && before ? before.start : start
      if (joinsBefore) this.#parts.splice(index - 1, 1)
    } else if (joinsBefore && before) before.end = end
    else this.#parts.splice(index, 0, { start, end })
    return true
  }
}
