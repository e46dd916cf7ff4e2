import { cx } from './class-name.ts'

/** A turning arc, `sizePx` wide, in the text colour. Decorative: say what is going on in words beside it. */
export function Spinner({ sizePx = 14, className }: { sizePx?: number; className?: string }) {
  return (
    <svg
      aria-hidden="true"
      width={sizePx}
      height={sizePx}
      viewBox="0 0 16 16"
      fill="none"
      className={cx('shrink-0 animate-spin', className)}
    >
      <circle cx="8" cy="8" r="6" stroke="currentColor" strokeWidth="2" opacity="0.22" />
      <path d="M14 8a6 6 0 0 0-6-6" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
    </svg>
  )
}
