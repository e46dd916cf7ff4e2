import { useLayoutEffect, useMemo, useRef, useState } from 'react'

interface ActiveRowInput<Row> {
  rows: readonly Row[]
  ids: readonly string[]
  rowName: (row: Row) => string
  /** What the rows are of: when it is something else, no row is active. */
  rowsOf: string
}

/**
 * The row that keys act on. Held by its id, for rows come, go and change their order by themselves: a key must never act
 * on another than the one it was moved to. When that one goes, none is active until an arrow goes on from where it stood.
 */
export function useActiveRow<Row>({ rows, ids, rowName, rowsOf }: ActiveRowInput<Row>) {
  const [active, setActive] = useState<{ id: string; name: string; rowsOf: string } | null>(null)
  const held = active?.rowsOf === rowsOf ? active : null
  const activeIndex = useMemo(() => (held ? ids.indexOf(held.id) : -1), [ids, held])
  const place = useRef(-1)
  useLayoutEffect(() => {
    if (activeIndex >= 0 || !held) place.current = activeIndex
  }, [activeIndex, held])
  return {
    activeIndex,
    /** Where the active row stands, or stood. */
    activePlace: () => place.current,
    activate: (index: number) => {
      const row = rows[index]
      const id = ids[index]
      if (row !== undefined && id !== undefined) setActive({ id, name: rowName(row), rowsOf })
    },
    /** Whether there was none to begin with. */
    isNone: held === null,
    goneName: held && activeIndex < 0 && rows.length > 0 ? held.name : undefined,
  }
}
