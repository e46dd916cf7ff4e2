/** Numbers from 0 up to 1, always the same for the same seed. */
export function seeded(seed: string): () => number {
  let state = 2166136261
  for (let index = 0; index < seed.length; index++) state = Math.imul(state ^ seed.charCodeAt(index), 16777619)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** A number between the bounds, small ones as likely as ten times greater ones. */
export const spread = (next: () => number, from: number, to: number) => from * (to / from) ** next()

interface Swing {
  share: number
  radiansPerSecond: number
  phase: number
}

/**
 * A rate that rises and falls around its mean, slowly over minutes and a little over seconds. What it adds up to is known
 * for any moment without keeping count, so that counters cost nothing while nobody looks.
 */
export class Wave {
  readonly mean: number
  readonly #swings: readonly Swing[]

  constructor(mean: number, next: () => number) {
    this.mean = mean
    const swing = (share: number, fromSeconds: number, toSeconds: number): Swing => ({
      share,
      radiansPerSecond: (2 * Math.PI) / spread(next, fromSeconds, toSeconds),
      phase: 2 * Math.PI * next(),
    })
    this.#swings = [swing(0.5, 120, 900), swing(0.3, 12, 60)]
  }

  /** The rate at a moment, in units a second; never negative. */
  at(seconds: number): number {
    let factor = 1
    for (const { share, radiansPerSecond, phase } of this.#swings) {
      factor += share * Math.sin(radiansPerSecond * seconds + phase)
    }
    return this.mean * factor
  }

  /** What came together from second 0 on; it never falls. */
  total(seconds: number): number {
    let sum = seconds
    for (const { share, radiansPerSecond, phase } of this.#swings) {
      sum += (share * (Math.cos(phase) - Math.cos(radiansPerSecond * seconds + phase))) / radiansPerSecond
    }
    return this.mean * sum
  }
}
