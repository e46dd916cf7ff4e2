import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import { SimulatedFleet, type SimulatedFleetOptions } from '../fleet.ts'

const begun: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const end of begun.splice(0).reverse()) await end()
})

/** Runs when the test has ended, the latest first. */
export function atEnd(end: () => Promise<void>) {
  begun.push(end)
}

/** A fleet that lives as long as the test. Without a size it is the standing one. */
export async function startFleet(options: Omit<SimulatedFleetOptions, 'dir'> = {}): Promise<SimulatedFleet> {
  const dir = await mkdtemp(join(tmpdir(), 'simulated-'))
  atEnd(() => rm(dir, { recursive: true, force: true }))
  const fleet = new SimulatedFleet({ dir, ...options })
  atEnd(() => fleet.stop())
  await fleet.start()
  return fleet
}

/** Waits until `found` gives something else than undefined or false. Rejects after `timeoutMs`. */
export async function eventually<T>(found: () => T | undefined | false, timeoutMs = 5000): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const value = found()
    if (value !== undefined && value !== false) return value
    if (performance.now() > deadline) throw new Error(`It did not happen within ${timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
