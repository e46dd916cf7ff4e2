import { z } from 'zod'
import type { OperationRow } from './operation.ts'
import type { VmRow } from './vm.ts'

/**
 * What changed since the batch before, as far as this person may see it. Whoever gets `reset` has missed something and
 * reads everything again; `places` says that a site, host, tenant, link, network, storage pool or template changed,
 * `counts` that a VM came or went, which changes the numbers beside them; `datastores` that something of a datastore did;
 * `load` that a host told how much it and its VMs have to do.
 */
export interface LiveBatch {
  reset: boolean
  vms: VmRow[]
  removedVmIds: string[]
  operations: OperationRow[]
  places: boolean
  counts: boolean
  datastores: boolean
  load: boolean
  changedHostIds: string[]
}

export interface LiveStat {
  vmId: string
  at: string
  cpuUsage: number
  memoryUsedBytes: number | null
  diskReadBytesPerSecond: number
  diskWriteBytesPerSecond: number
  networkReceiveBitsPerSecond: number
  networkTransmitBitsPerSecond: number
}

export const LiveStatInput = z.object({ vmIds: z.array(z.uuid()).min(1).max(200) })
