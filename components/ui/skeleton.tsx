import { cx } from './class-name.ts'
import { Spinner } from './spinner.tsx'

/** A grey bar where a text will be. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden="true" className={cx('block h-3 animate-pulse rounded-sm bg-active', className)} />
}

/** The rows of a list before they have come; `label` is read aloud. */
export function SkeletonRows({ rows = 6, label = 'Loading' }: { rows?: number; label?: string }) {
  return (
    <div role="status" aria-label={label} className="flex flex-col">
      {Array.from({ length: rows }, (_, row) => row).map((row) => (
        <div key={row} className="flex h-8.5 items-center gap-6 border-b border-line/60 px-4">
          <Skeleton className={['w-40', 'w-52', 'w-32', 'w-44'][row % 4]} />
          <Skeleton className="w-16" />
          <Skeleton className="w-24" />
        </div>
      ))}
    </div>
  )
}

/** Something is on its way and its shape is not known. */
export function LoadingState({ label = 'Loading…', className }: { label?: string; className?: string }) {
  return (
    <div
      role="status"
      className={cx('flex items-center justify-center gap-2 px-6 py-12 text-sm text-ink-muted', className)}
    >
      <Spinner />
      {label}
    </div>
  )
}
