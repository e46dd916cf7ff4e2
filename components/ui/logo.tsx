/** Skerry's mark: a rock above two lines of sea. */
export function Logo({ sizePx = 20 }: { sizePx?: number }) {
  return (
    <svg viewBox="0 0 32 32" width={sizePx} height={sizePx} aria-hidden="true" className="shrink-0 fill-accent">
      <path d="M3 21.5 10.4 9.2a1.6 1.6 0 0 1 2.7 0l3.6 5.8 2-3.2a1.6 1.6 0 0 1 2.7 0L29 21.5c.2.4 0 .9-.5.9H3.5c-.5 0-.8-.5-.5-.9Z" />
      <path
        opacity=".55"
        d="M3 26c2.2-1.6 4.3-1.6 6.5 0s4.3 1.6 6.5 0 4.3-1.6 6.5 0 4.3 1.6 6.5 0v2c-2.2 1.6-4.3 1.6-6.5 0s-4.3-1.6-6.5 0-4.3 1.6-6.5 0-4.3-1.6-6.5 0Z"
      />
    </svg>
  )
}
