/** How VMs run on a host: on the processor itself, or emulated. */
export const acceleratorWord = { kvm: 'KVM', emulation: 'Emulation', unknown: 'Not known' } as const
