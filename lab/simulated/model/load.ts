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

/** How much a VM does; a restless one changes its memory faster than a link between sites carries it away. */
export type Pace = 'quiet' | 'busy' | 'restless'

const dirtyBytes: Record<Pace, [number, number]> = {
  quiet: [0.3e6, 12e6],
  busy: [40e6, 160e6],
  restless: [0.6e9, 0.9e9],
}

/** The same VM always works the same way. */
export function loadOf(uuid: string, pace: Pace): Load {
  const next = seeded(uuid)
  const isQuiet = pace === 'quiet'
  const factor = isQuiet ? 1 : 6
  const wave = (from: number, to: number) => new Wave(spread(next, from, to), next)
  return {
    cpu: isQuiet ? wave(0.005, 0.15) : wave(0.25, 0.5),
    diskReadBytes: wave(500 * factor, 200_000 * factor),
    diskWrittenBytes: wave(4_000 * factor, 400_000 * factor),
    receivedBytes: wave(500 * factor, 300_000 * factor),
    transmittedBytes: wave(500 * factor, 300_000 * factor),
    dirtyBytes: wave(...dirtyBytes[pace]),
    memoryShare: wave(0.15, 0.45),
  }
}
