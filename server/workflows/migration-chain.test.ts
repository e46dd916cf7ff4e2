import { expect, test } from 'vitest'
import { taggedName } from '#server/core/volume-name.ts'
import { namesThere, newBacking } from './migration-chain.ts'

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

test('what a file stands on is known at the destination, or the file does not go there', () => {
  const paths = new Map([
    ['/pool/base', '/pool/base.for-4f2c1a0e'],
    ['/nas/base', '/nas/base'],
  ])
  expect(newBacking(null, paths, 'web')).toBeNull()
  expect(newBacking('/pool/base', paths, 'web')?.to).toBe('/pool/base.for-4f2c1a0e')
  expect(newBacking('/nas/base', paths, 'web')?.to).toBe('/nas/base')
  expect(() => newBacking('/pool/other', paths, 'web')).toThrow(
    'web can’t be copied: it stands on other, which neither comes along nor is in a storage pool that both hosts share.',
  )
})
