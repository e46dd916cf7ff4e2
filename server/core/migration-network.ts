import type { Candidate, MovingVm } from './migration-preview.ts'
import { mayUse } from './network-grant.ts'

/** A card may stay where its tenant has lost the grant, but a move opens nothing that was closed to it before. */
export function networkReasons(vm: MovingVm, source: Candidate, to: Candidate): string[] {
  const reasons: string[] = []
  for (const name of new Set(vm.networks)) {
    const network = to.networks.find((each) => each.name === name)
    if (!network) reasons.push(`The network ${name} is not on the host.`)
    else if (!network.active) reasons.push(`The network ${name} is switched off on the host.`)
    else if (!mayUse(vm.grantedNetworks, network) && !isWithdrawn(vm, source, name)) {
      reasons.push(`Its tenant may not use the network ${name} as the host has it (${network.mode}).`)
    }
  }
  return reasons
}

const isWithdrawn = (vm: MovingVm, source: Candidate, name: string) =>
  source.networks.some((network) => network.name === name && !mayUse(vm.grantedNetworks, network))

export function networkWarnings(vm: MovingVm, source: Candidate): string[] {
  const warnings: string[] = []
  for (const name of new Set(vm.networks)) {
    if (isWithdrawn(vm, source, name)) {
      warnings.push(`Its tenant is not granted the network ${name}; the card stays plugged in.`)
    }
  }
  for (const bridge of new Set(vm.bridges)) {
    warnings.push(`It is plugged into the bridge ${bridge} by name: the host must have one of that name.`)
  }
  return warnings
}
