import type { MoveWay } from './migration-saved.ts'

/**
 * How long a migration takes, from sizes and measured rates. Bytes, bytes per second and milliseconds throughout.
 *
 * Disks that are copied go first, at the link's rate B: `disk ÷ B`. Memory M then goes in rounds: while one is sent the
 * guest dirties `d · t` bytes, at most M, which are the next round. With r = d ÷ B round n is `M · rⁿ`, so memory takes
 * `M ÷ B · (1 + r + r² + …)` until what is left passes within the downtime limit T: `M · rⁿ ≤ B · T`. That ends only if
 * r < 1. When it would not end, the hypervisor slows the guest's CPUs down (auto-converge, down to a few percent), which
 * brings d down to `d · (1 − 0.9)`. If even that is not below B, only post-copy ends it: the guest runs on at the
 * destination at once and fetches the rest.
 *
 * Downtime is the last round plus stopping, handing over and starting: two round trips and a fixed part.
 *
 * A VM that moves with its memory saved stands still while that is written to a file, sent after the disks, and read from
 * a file again; what never changes of its disks goes ahead.
 */
export interface EstimateInput {
  way: MoveWay
  memoryBytes: number
  copiedDiskBytes: number
  /** Of them, those that go before a VM stands still */
  sentAheadBytes?: number
  /** Null: not measured yet */
  dirtyBytesPerSecond: number | null
  bytesPerSecond: number
  roundTripMs: number
  downtimeLimitMs?: number
}

export interface Estimate {
  totalMs: number
  diskMs: number
  memoryMs: number
  downtimeMs: number
  rounds: number
  /**
   * `slowed`: only with the guest's CPUs slowed down; `post-copy`: only by switching to it; `unknown`: not measured;
   * `saved`, `off`: nothing changes while it is copied
   */
  converges: 'yes' | 'slowed' | 'post-copy' | 'unknown' | 'saved' | 'off'
}

export const defaultDowntimeLimitMs = 300
/** Setting up, handing over and tearing down, as seen on real hosts */
const setUpMs = 1_500
const handOverMs = 100
/** How fast a memory is written to a file, and read from it, on a disk of no particular speed */
const fileBytesPerSecond = 200 * 2 ** 20
/** What auto-converge leaves of the dirty rate at its strongest */
const slowedTo = 0.1
/** Below this the rounds shrink fast enough to count on */
const comfortable = 0.9

export function estimateMigration(input: EstimateInput): Estimate {
  const { bytesPerSecond, memoryBytes, copiedDiskBytes, roundTripMs } = input
  const diskMs = (copiedDiskBytes / bytesPerSecond) * 1000
  if (input.way === 'saved') {
    const memoryMs = (memoryBytes / bytesPerSecond + (2 * memoryBytes) / fileBytesPerSecond) * 1000
    const totalMs = setUpMs + diskMs + memoryMs
    const downtimeMs = totalMs - ((input.sentAheadBytes ?? 0) / bytesPerSecond) * 1000
    return { totalMs, diskMs, memoryMs, downtimeMs, rounds: 1, converges: 'saved' }
  }
  if (input.way === 'off') {
    return { totalMs: setUpMs + diskMs, diskMs, memoryMs: 0, downtimeMs: 0, rounds: 0, converges: 'off' }
  }
  const limitMs = input.downtimeLimitMs ?? defaultDowntimeLimitMs
  const lastRoundBytes = (bytesPerSecond * limitMs) / 1000
  const dirty = input.dirtyBytesPerSecond
  const asIs = (dirty ?? 0) / bytesPerSecond
  const ratio = asIs < comfortable ? asIs : asIs * slowedTo
  const converges =
    dirty === null ? 'unknown' : asIs < comfortable ? 'yes' : ratio < comfortable ? 'slowed' : 'post-copy'
  const fixedDowntimeMs = handOverMs + 2 * roundTripMs
  if (converges === 'post-copy') {
    const memoryMs = (memoryBytes / bytesPerSecond) * 2 * 1000
    return { totalMs: setUpMs + diskMs + memoryMs, diskMs, memoryMs, downtimeMs: fixedDowntimeMs, rounds: 1, converges }
  }
  let sent = 0
  let round = memoryBytes
  let rounds = 0
  while (round > lastRoundBytes && rounds < 100) {
    sent += round
    round *= ratio
    rounds++
  }
  const memoryMs = (sent / bytesPerSecond) * 1000
  const lastMs = (round / bytesPerSecond) * 1000
  const downtimeMs = fixedDowntimeMs + lastMs
  return { totalMs: setUpMs + diskMs + memoryMs + downtimeMs, diskMs, memoryMs, downtimeMs, rounds, converges }
}
