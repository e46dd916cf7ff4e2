/** How VMs run on a host: on the processor itself, or emulated. */
export const acceleratorWord = { kvm: 'KVM', emulation: 'Emulation', unknown: 'Not known' } as const

/** Why a host takes no VM now, or undefined. */
export function reasonAgainstHost({ state, draining }: { state: string; draining: boolean }): string | undefined {
  if (state !== 'connected') return 'It can’t be reached'
  return draining ? 'It is being drained' : undefined
}
