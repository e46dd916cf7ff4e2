import pino from 'pino'
import { expect, test } from 'vitest'
import { CloneStall, type CloneStallOptions } from './clone-stall.ts'

/** Clones that stand still, and go on once they are resumed. */
function stalled(count: number) {
  const still = new Set(Array.from({ length: count }, (_, index) => `clone-${index}`))
  const host = {
    readVm: async (uuid: string) => ({
      ...(still.has(uuid) ? { state: 'paused', stateReason: 'disk error' } : { state: 'running', stateReason: '' }),
    }),
    power: async (uuid: string) => void still.delete(uuid),
  }
  const rows = [...still].map((uuid) => ({ uuid, name: uuid, hostId: 'a' }))
  const options = {
    ...{ db: { vm: { findMany: async () => rows } }, hosts: { open: async () => host } },
    ...{ log: pino({ level: 'silent' }), workerName: 'worker' },
  } as unknown as CloneStallOptions
  return { still, stall: new CloneStall(options) }
}

test('a hundred clones go on within seconds, though each takes a moment', async () => {
  const { still, stall } = stalled(100)
  const startedAt = performance.now()
  await stall.resume()
  expect(still.size).toBe(0)
  expect(performance.now() - startedAt).toBeLessThan(10_000)
})
