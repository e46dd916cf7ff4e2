import { seeded, spread, Wave } from './wave.ts'

/** What a VM does with its parts, in units a second. */
export interface Load {
  /** Of one vCPU, 0 to 1. */
  cpu: Wave
  diskReadBytes: Wave
  diskWrittenBytes: Wave
  receivedBytes: Wave
  transmittedBytes: Wave
  dirtyBytes: Wave
  /** Share of the memory that the guest uses, around which it swings a little. */
  memoryShare: Wave
}

/** The same VM always works the same way. A busy one keeps its CPUs, disks and memory moving. */
export function loadOf(uuid: string, isBusy: boolean): Load {
  const next = seeded(uuid)
  const factor = isBusy ? 6 : 1
  const wave = (from: number, to: number) => new Wave(spread(next, from, to), next)
  return {
    cpu: isBusy ? wave(0.25, 0.5) : wave(0.005, 0.15),
    diskReadBytes: wave(500 * factor, 200_000 * factor),
    diskWrittenBytes: wave(4_000 * factor, 400_000 * factor),
    receivedBytes: wave(500 * factor, 300_000 * factor),
    transmittedBytes: wave(500 * factor, 300_000 * factor),
    dirtyBytes: isBusy ? wave(40e6, 160e6) : wave(0.3e6, 12e6),
    memoryShare: wave(0.15, 0.45),
  }
}
