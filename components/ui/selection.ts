/** The selected ids with one turned on or off. */
export function toggleOne(selection: ReadonlySet<string>, id: string): Set<string> {
  const next = new Set(selection)
  if (!next.delete(id)) next.add(id)
  return next
}

/**
 * The selection after a shift-click: everything from the anchor to the target, both included, takes the state the
 * target is going to have. Without an anchor in the list only the target changes.
 */
export function toggleRange(
  selection: ReadonlySet<string>,
  orderedIds: readonly string[],
  anchorId: string | null,
  targetId: string,
): Set<string> {
  const target = orderedIds.indexOf(targetId)
  const anchor = anchorId === null ? -1 : orderedIds.indexOf(anchorId)
  if (target === -1) return new Set(selection)
  if (anchor === -1) return toggleOne(selection, targetId)
  const next = new Set(selection)
  const isAdding = !selection.has(targetId)
  for (const id of orderedIds.slice(Math.min(anchor, target), Math.max(anchor, target) + 1)) {
    if (isAdding) next.add(id)
    else next.delete(id)
  }
  return next
}

/** All of the list when some are missing, none of it when all were selected; what is outside the list stays. */
export function toggleAll(selection: ReadonlySet<string>, ids: readonly string[]): Set<string> {
  const next = new Set(selection)
  const isComplete = ids.length > 0 && ids.every((id) => selection.has(id))
  for (const id of ids) {
    if (isComplete) next.delete(id)
    else next.add(id)
  }
  return next
}

/** How much of a list is selected. */
export function selectionExtent(selection: ReadonlySet<string>, ids: readonly string[]): 'none' | 'some' | 'all' {
  if (selection.size === 0 || ids.length === 0) return 'none'
  let selected = 0
  for (const id of ids) if (selection.has(id)) selected += 1
  return selected === 0 ? 'none' : selected === ids.length ? 'all' : 'some'
}
