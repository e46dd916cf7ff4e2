/**
 * A cell that stays at the side of a table wider than its box. Only then: each cell that sticks costs the browser in
 * every frame.
 */
export const stickyClassName =
  'group-data-sideways/grid:sticky group-data-sideways/grid:z-1 group-data-sideways/grid:bg-inherit'
