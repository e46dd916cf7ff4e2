/** What of a snapshot decides where its line is drawn. */
export interface Drawn {
  name: string
  parent: string | null
  current: boolean
}

/** One line of the tree from the top: a snapshot, or null for what the VM is now. */
export interface SnapshotLine<S extends Drawn> {
  snapshot: S | null
  /** Column of its dot, 0 at the left */
  column: number
  /** Columns whose rail runs past this line from above to below */
  passing: number[]
  /** A rail comes from above in its own column, or branches off from one at the left */
  from: 'above' | 'left' | null
  /** Its own rail goes on below */
  goesOn: boolean
}

/**
 * The tree as lines, oldest first. The branch that leads to what the VM is now stays in its column; those that were left
 * branch off to the right, above what came after.
 */
export function snapshotLines<S extends Drawn>(snapshots: readonly S[]): SnapshotLine<S>[] {
  const names = new Set(snapshots.map(({ name }) => name))
  const childrenOf = (parent: string | null) =>
    snapshots.filter((each) => (each.parent !== null && names.has(each.parent) ? each.parent : null) === parent)
  const current = snapshots.find((each) => each.current)
  const leadsHere = new Set<string>()
  for (let at = current; at && !leadsHere.has(at.name); at = snapshots.find(({ name }) => name === at?.parent)) {
    leadsHere.add(at.name)
  }
  const lines: SnapshotLine<S>[] = []
  const drawn = new Set<string>()
  const draw = (items: readonly (S | null)[], column: number, passing: number[], from: 'above' | null) => {
    // What leads here comes last, so that it goes on straight down.
    const sorted = items.toSorted((a, b) => Number(isHere(a)) - Number(isHere(b)))
    for (const [index, item] of sorted.entries()) {
      const isLast = index === sorted.length - 1
      const own = isLast ? column : column + 1
      const past = isLast ? passing : [...passing, column]
      const below = item ? itemsBelow(item) : []
      const start = isLast ? from : 'left'
      lines.push({ snapshot: item, column: own, passing: past, from: start, goesOn: below.length > 0 })
      if (item) drawn.add(item.name)
      if (below.length > 0) draw(below, own, past, 'above')
    }
  }
  const isHere = (item: S | null) => item === null || leadsHere.has(item.name)
  const itemsBelow = (item: S): (S | null)[] => [
    ...childrenOf(item.name).filter(({ name }) => !drawn.has(name)),
    ...(item === current ? [null] : []),
  ]
  const roots: (S | null)[] = childrenOf(null)
  draw(current ? roots : [...roots, null], 0, [], null)
  return lines
}
