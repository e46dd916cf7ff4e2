import { expect, test } from 'vitest'
import { disksToRestore } from './restore-disk.ts'

const gib = 2 ** 30
const disk = (target: string, gibs = 1) => ({
  ...{ target, device: 'disk', readOnly: false, capacityBytes: BigInt(gibs * gib) },
})
const point = [
  { target: 'vda', sizeBytes: gib },
  { target: 'vdb', sizeBytes: 2 * gib },
]

test('all disks, or those that were asked for; a disk that came later is left alone, one that grew is no obstacle', () => {
  const now = [disk('vda'), disk('vdb', 3), disk('vdc')]
  expect(disksToRestore('web', now, point, undefined).map(({ target }) => target)).toEqual(['vda', 'vdb'])
  expect(disksToRestore('web', now, point, ['vdb']).map(({ target }) => target)).toEqual(['vdb'])
})

test('a disk that is gone or smaller is named, with what can be done', () => {
  expect(() => disksToRestore('web', [disk('vda')], point, undefined)).toThrow(
    'The disk vdb of web is not there any more.',
  )
  expect(disksToRestore('web', [disk('vda')], point, ['vda'])).toHaveLength(1)
  expect(() => disksToRestore('web', [disk('vda'), disk('vdb')], point, ['vdb'])).toThrow(
    /smaller.*2 GiB then, 1 GiB now/,
  )
  expect(() => disksToRestore('web', [{ ...disk('vda'), readOnly: true }], point, ['vda'])).toThrow(
    /vda of web is not there/,
  )
})

test('a disk that the recovery point never had is refused', () => {
  expect(() => disksToRestore('web', [disk('vdc')], point, ['vdc'])).toThrow('The recovery point has no disk vdc.')
})
