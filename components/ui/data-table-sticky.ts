/**
 * A cell that stays at the side of a table wider than its box, and hides what passes below it by its row's colour. Only
 * then: each cell that sticks costs the browser in every frame.
 */
export const stickyClassName =
  'group-data-sideways/grid:sticky group-data-sideways/grid:z-1 group-data-sideways/grid:bg-(--row)'

/**
 * What gives a row its colour. Its cells take it as a variable, for what a cell inherits otherwise lets Chromium compute
 * it anew whenever the row moves (see td in globals.css).
 */
export const rowColor = {
  header: 'bg-(--row) [--row:var(--color-surface)]',
  plain: 'bg-(--row) [--row:var(--color-surface)] hover:[--row:var(--color-hover)]',
  selected: 'bg-(--row) [--row:var(--color-selected)]',
}
