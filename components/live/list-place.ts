import type { VmListInput, VmRow, VmSortKey } from '#server/schema/vm.ts'

/** What a list is of: as it was asked for, so that what is left out is as usual. */
export type ListInput = Partial<Pick<VmListInput, 'filter' | 'sort'>>

const placeOf: Record<Exclude<VmSortKey, 'cpu'>, (vm: VmRow) => string | number | null> = {
  name: (vm) => vm.name,
  state: (vm) => vm.state,
  site: (vm) => vm.siteId,
  host: (vm) => vm.hostId,
  tenant: (vm) => vm.tenantId,
  vcpus: (vm) => vm.vcpuCount,
  memory: (vm) => vm.memoryBytes,
  disk: (vm) => vm.diskBytes,
  created: (vm) => vm.createdAt,
}

/** Whether a list may have a changed VM at another place than before, or no longer, or as a new one. */
export function mayMove({ filter, sort }: ListInput, before: VmRow | undefined, after: VmRow): boolean {
  if (!before || filter) return true
  const key = sort?.key ?? 'name'
  return key === 'cpu' || placeOf[key](before) !== placeOf[key](after)
}
