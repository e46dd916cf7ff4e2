import { expect, test } from 'vitest'
import { taggedName } from '#server/core/volume-name.ts'
import { namesThere } from './migration-chain.ts'

const operationId = '0193f5a0-0000-7000-8000-00000000abcd'
const earlier = ['0193f5a0-0000-7000-8000-000000000001', '0193f5a0-0000-7000-8000-000000000002'] as const

test('no two files get one name at the destination, though their marks were all that told them apart', () => {
  const nameThere = namesThere(operationId)
  const [first, second] = earlier.map((id) => taggedName('web.qcow2', id))
  expect(nameThere(first ?? '', '/pool/first')).toBe(taggedName('web.qcow2', operationId))
  expect(nameThere(second ?? '', '/pool/second')).toBe(taggedName('2-web.qcow2', operationId))
  expect(nameThere('web.qcow2', '/other/web.qcow2')).toBe(taggedName('3-web.qcow2', operationId))
})

test('one file that is read twice, as a disc in two drives, is one there too', () => {
  const nameThere = namesThere(operationId)
  expect(nameThere('tools.iso', '/pool/tools.iso')).toBe(nameThere('tools.iso', '/pool/tools.iso'))
})
