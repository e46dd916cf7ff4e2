import { expect, test } from 'vitest'
import { type Candidate, commonObstacle, type Preview } from './migrate-words.ts'

const candidate = (hostId: string, ...reasons: string[]) => ({ hostId, reasons }) as Candidate
const taking = (id: string) => ({ id, state: 'connected' as const, draining: false })
const of = (candidates: Candidate[], hosts = ['here', 'a', 'b'].map(taking)) =>
  commonObstacle({ candidates } as Preview, 'here', hosts)
const here = candidate('here', 'It is here.')

test('what is in the way at every host but its own is the VM’s own matter', () => {
  expect(of([here, candidate('a', 'Full.', 'Snapshots.'), candidate('b', 'Snapshots.')])).toBe('Snapshots.')
  expect(of([here, candidate('a', 'Full.'), candidate('b', 'Drained.')])).toBeUndefined()
  expect(of([here, candidate('a', 'Full.'), candidate('b')])).toBeUndefined()
  expect(of([here])).toBeUndefined()
})

test('the trouble of the only other host, or of hosts that all take no VMs, is not', () => {
  expect(of([here, candidate('a', 'The host can’t be reached.')])).toBeUndefined()
  const drained = [candidate('a', 'Drained.'), candidate('b', 'Drained.')]
  const draining = ['a', 'b'].map((id) => ({ ...taking(id), draining: true }))
  expect(of([here, ...drained], [taking('here'), ...draining])).toBeUndefined()
})
