/** What floats: menus, lists, suggestions. Where it is cut off, a shade says that it goes on. */
export const popoverClassName =
  'scroll-shade overflow-auto rounded-lg bg-raised p-1 shadow-float outline-none data-entering:animate-appear'

/** A line of a floating list; give it its colours besides. */
export const popoverItemClassName =
  'flex min-h-7 cursor-default select-none items-center gap-2 rounded-sm px-2 py-1 text-sm outline-none data-focus-visible:focus-ring data-focus-visible:-outline-offset-2 data-disabled:text-ink-faint'

/** The colours of a line that does no harm. */
export const popoverItemColor = 'text-ink data-focused:bg-active'
