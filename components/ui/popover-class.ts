/** What floats: menus, lists, suggestions. */
export const popoverClassName =
  'min-w-40 overflow-auto rounded-lg bg-raised p-1 shadow-float outline-none data-entering:animate-appear'

/** A line of a floating list. */
export const popoverItemClassName =
  'flex min-h-7 cursor-default select-none items-center gap-2 rounded-sm px-2 py-1 text-sm text-ink outline-none ' +
  'data-focused:bg-active data-disabled:text-ink-faint'
