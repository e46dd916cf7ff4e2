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

/** Whether a list of all VMs may have a changed one at another place than before, or as a new one. */
export function mayMove({ sort }: Pick<ListInput, 'sort'>, before: VmRow | undefined, after: VmRow): boolean {
  if (!before) return true
  const key = sort?.key ?? 'name'
  return key === 'cpu' || placeOf[key](before) !== placeOf[key](after)
}
