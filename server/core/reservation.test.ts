import { expect, test } from 'vitest'
import { stillToCome } from './reservation.ts'

const gib = 2n ** 30n
const move = {
  ...{ kind: 'migrate-vm', step: 'move', progressDone: null as bigint | null, reservedVcpus: 2 },
  ...{ reservedMemoryBytes: 4n * gib, reservedDiskBytes: 10n * gib },
}
const memory = (row: Partial<typeof move>) => stillToCome({ ...move, ...row }).memoryBytes / Number(gib)

test('until it moves all of its memory is still to come, and while its disks are copied too', () => {
  expect([memory({ step: 'check' }), memory({}), memory({ progressDone: 9n * gib })]).toEqual([4, 4, 4])
})

test('memory that has come is in use at the host already, and counts once', () => {
  expect([memory({ progressDone: 11n * gib }), memory({ progressDone: 30n * gib })]).toEqual([3, 0])
  expect(stillToCome({ ...move, step: 'clean up' })).toEqual({ memoryBytes: 0, vcpus: 0 })
})

test('other operations hold what they reserved, a creation until its VM runs', () => {
  const create = { ...move, kind: 'create-vm', progressDone: 99n * gib }
  expect(stillToCome({ ...create, step: 'make disks' }).memoryBytes).toBe(4 * Number(gib))
  expect(stillToCome({ ...create, step: 'record' }).memoryBytes).toBe(0)
})
