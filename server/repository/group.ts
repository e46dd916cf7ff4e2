/** Items in their order, together as long as the next one fits. */
export function* inGroups<T>(
  items: Iterable<T>,
  fits: (group: readonly T[], next: T) => boolean,
): Generator<readonly T[]> {
  let group: T[] = []
  for (const item of items) {
    if (group.length > 0 && !fits(group, item)) {
      yield group
      group = []
    }
    group.push(item)
  }
  if (group.length > 0) yield group
}

/** Items in their order, so many at a time. */
export const inBatches = <T>(items: Iterable<T>, count: number) => inGroups(items, ({ length }) => length < count)
