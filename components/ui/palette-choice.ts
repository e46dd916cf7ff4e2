import type { ReactNode } from 'react'

/** One thing the palette can do or open. */
export interface PaletteItem {
  id: string
  label: string
  icon?: ReactNode
  /** A word after the label */
  badge?: ReactNode
  isDanger?: boolean | undefined
  /** At the right: where it is, what kind it is. */
  hint?: ReactNode
  disabledReason?: string | undefined
  /** The palette stays: there is more to type */
  keepsOpen?: boolean
  onSelect: () => void
}

export interface PaletteGroup {
  id: string
  title: string
  items: readonly PaletteItem[]
}

const enabledOf = (groups: readonly PaletteGroup[]) =>
  groups.flatMap(({ items }) => items).filter(({ disabledReason }) => disabledReason === undefined)

/**
 * What Enter does: the line that somebody went to, or, before that, the first that can be done, which may be another as
 * more is found. Where the first is not surely meant, it is nothing.
 */
export function chosenItem(
  groups: readonly PaletteGroup[],
  movedTo: string | null,
  isFirstMeant: boolean,
): PaletteItem | undefined {
  const enabled = enabledOf(groups)
  return enabled.find(({ id }) => id === movedTo) ?? (isFirstMeant ? enabled[0] : undefined)
}

/** @returns where a key goes from the chosen line, round at both ends; undefined for a key that goes nowhere */
export function itemAt(
  groups: readonly PaletteGroup[],
  chosen: PaletteItem | undefined,
  key: string,
): PaletteItem | undefined {
  const enabled = enabledOf(groups)
  const index = chosen ? enabled.indexOf(chosen) : -1
  switch (key) {
    case 'ArrowDown':
      return enabled[(index + 1) % enabled.length]
    case 'ArrowUp':
      return enabled.at(Math.max(index, 0) - 1)
    case 'Home':
      return enabled[0]
    case 'End':
      return enabled.at(-1)
    default:
      return undefined
  }
}
