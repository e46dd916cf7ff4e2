import { expect, test } from 'vitest'
import { type Candidate, commonObstacle, type Preview } from './migrate-words.ts'

test('what is in the way at every host but its own is the VM’s own matter', () => {
  const candidate = (hostId: string, ...reasons: string[]) => ({ hostId, reasons }) as Candidate
  const of = (...candidates: Candidate[]) => commonObstacle({ candidates } as Preview, 'here')
  const here = candidate('here', 'It is here.')
  expect(of(here, candidate('a', 'Full.', 'Snapshots.'), candidate('b', 'Snapshots.'))).toBe('Snapshots.')
  expect(of(here, candidate('a', 'Full.'), candidate('b', 'Drained.'))).toBeUndefined()
  expect(of(here, candidate('a', 'Full.'), candidate('b'))).toBeUndefined()
  expect(of(here)).toBeUndefined()
})
