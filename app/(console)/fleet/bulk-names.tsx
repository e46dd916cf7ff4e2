import { formatNames } from '#components/ui/format.ts'
import type { VmRow } from '#server/schema/vm.ts'

/** Which VMs a bulk action is about, as far as there is room. */
export function BulkNames({ count, selected }: { count: number; selected: readonly VmRow[] }) {
  const names = selected.map(({ name }) => name)
  return <p className="text-xs text-ink-muted">{formatNames(names, 8, count)}</p>
}
