import { cx } from '#components/ui/class-name.ts'
import type { Estimate } from './migrate-words.ts'

/** How the time divides into disks and memory, against the slowest host; the figures stand beside it in words. */
export function TimeBar(props: { estimate: Estimate; longestMs: number; className?: string }) {
  const { estimate, longestMs, className } = props
  const share = (partMs: number) => `${(partMs / longestMs) * 100}%`
  return (
    <span aria-hidden="true" className={cx('flex h-1 w-full gap-px overflow-hidden rounded-full bg-active', className)}>
      <span className="bg-series-1" style={{ width: share(estimate.diskMs) }} />
      <span className="bg-series-4" style={{ width: share(estimate.totalMs - estimate.diskMs) }} />
    </span>
  )
}
