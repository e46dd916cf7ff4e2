/** Joins class names, leaving out the falsy ones. */
export function cx(...names: (string | false | null | undefined)[]): string {
  return names.filter(Boolean).join(' ')
}

/** What every text control looks like: 32 px high, a border of 3:1 contrast, the accent when focused, red when invalid. */
export const controlClassName =
  'h-8 w-full min-w-0 rounded-md border border-line-strong bg-surface px-2 text-sm text-ink outline-none transition-colors ' +
  'placeholder:text-ink-faint data-focused:border-focus data-focused:focus-ring data-focused:-outline-offset-1 ' +
  'data-invalid:border-failed data-disabled:border-line data-disabled:bg-sunken data-disabled:text-ink-faint'
