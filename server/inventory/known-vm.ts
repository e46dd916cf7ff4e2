import { hash } from 'node:crypto'
import type { VmFacts } from '#server/hypervisor/facts.ts'
import { fingerprintOf } from '#server/hypervisor/fingerprint.ts'

/** What the readings need to know of a VM. */
export interface KnownVm {
  id: string
  vcpuCount: number
  state: VmFacts['state']
  fingerprint: string
  /** It runs, and has a definition for its next start */
  hasNext: boolean
  /** Of all that was written of it, and of its disks, cards and snapshots alone */
  written: string
  writtenDevices: string
}

/** What tells one reading of a VM from another: the definitions by its fingerprint, and what is not in them. */
export function marksOf(vm: VmFacts): Pick<KnownVm, 'fingerprint' | 'hasNext' | 'written' | 'writtenDevices'> {
  const fingerprint = fingerprintOf(vm)
  const writtenDevices = hash('sha1', JSON.stringify([vm.disks, vm.interfaces, vm.snapshots]), 'base64')
  const written = [fingerprint, writtenDevices, vm.state, vm.stateReason, vm.persistent, vm.incoming].join(' ')
  return { fingerprint, hasNext: vm.nextXml !== null, written, writtenDevices }
}
