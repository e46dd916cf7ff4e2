export interface LineChange {
  kind: 'gone' | 'new'
  text: string
}

/** Which lines of one text are not in the other, in their order; what both have is left out. */
export function lineChanges(before: string, after: string): LineChange[] {
  const [old, fresh] = [before.trimEnd().split('\n'), after.trimEnd().split('\n')]
  let begin = 0
  while (begin < old.length && begin < fresh.length && old[begin] === fresh[begin]) begin++
  let end = 0
  while (end < old.length - begin && end < fresh.length - begin && old.at(-1 - end) === fresh.at(-1 - end)) end++
  return differing(old.slice(begin, old.length - end), fresh.slice(begin, fresh.length - end))
}

function differing(old: readonly string[], fresh: readonly string[]): LineChange[] {
  /** How many lines both have from these places on, at most. */
  const common = Array.from({ length: old.length + 1 }, () => new Array<number>(fresh.length + 1).fill(0))
  const at = (row: number, column: number) => common[row]?.[column] ?? 0
  for (let row = old.length - 1; row >= 0; row--) {
    for (let column = fresh.length - 1; column >= 0; column--) {
      const line = common[row]
      if (!line) continue
      line[column] =
        old[row] === fresh[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1))
    }
  }
  const changes: LineChange[] = []
  let [row, column] = [0, 0]
  while (row < old.length || column < fresh.length) {
    if (row < old.length && column < fresh.length && old[row] === fresh[column]) {
      row++
      column++
    } else if (column >= fresh.length || (row < old.length && at(row + 1, column) >= at(row, column + 1))) {
      changes.push({ kind: 'gone', text: old[row++] ?? '' })
    } else changes.push({ kind: 'new', text: fresh[column++] ?? '' })
  }
  return changes
}
