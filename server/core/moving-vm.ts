import type { VmState } from '#server/schema/vm.ts'
import type { MovingDisk, MovingVm } from './migration-preview.ts'
import type { GrantedNetworks } from './network-grant.ts'

/** What a VM's row and what a hypervisor says of a VM have in common. */
interface KnownVm {
  name: string
  state: string
  persistent: boolean
  vcpuCount: number
  memoryBytes: number | bigint
  architecture: string
  machineType: string | null
  cpuMode: string | null
  accelerator: MovingVm['accelerator']
  snapshots: MovingVm['snapshots']
  xml: string
  standsOnId?: string | null
  interfaces: readonly { networkName: string | null; bridge: string | null }[]
}

/** A VM as the preview judges it. */
export const movingVm = (
  hostId: string,
  vm: KnownVm,
  disks: readonly MovingDisk[],
  grantedNetworks: GrantedNetworks,
  dirtyBytesPerSecond: number | null = null,
): MovingVm => ({
  name: vm.name,
  hostId,
  state: vm.state as VmState,
  persistent: vm.persistent,
  vcpuCount: vm.vcpuCount,
  memoryBytes: Number(vm.memoryBytes),
  architecture: vm.architecture,
  machineType: vm.machineType,
  cpuMode: vm.cpuMode,
  accelerator: vm.accelerator,
  snapshots: vm.snapshots.map(({ storage }) => ({ storage })),
  standsOnId: vm.standsOnId ?? null,
  localDevices: vm.xml.split('<hostdev').length - 1,
  dirtyBytesPerSecond,
  disks,
  networks: vm.interfaces.flatMap((card) => card.networkName ?? []),
  grantedNetworks,
  bridges: vm.interfaces.flatMap((card) => (card.networkName === null ? (card.bridge ?? []) : [])),
})
