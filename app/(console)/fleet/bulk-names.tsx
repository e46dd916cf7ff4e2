import type { VmRow } from '#server/schema/vm.ts'

const shownNames = 8

/** Which VMs a bulk action is about, as far as there is room. */
export function BulkNames({ count, selected }: { count: number; selected: readonly VmRow[] }) {
  const names = selected.slice(0, shownNames).map((vm) => vm.name)
  const more = count - names.length
  return (
    <p className="text-xs text-ink-muted">
      <span className="text-ink">{names.join(', ')}</span>
      {more > 0 && ` and ${more} more`}
    </p>
  )
}
