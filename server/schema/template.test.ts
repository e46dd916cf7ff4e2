import { expect, test } from 'vitest'
import { firstDiskOf } from './template.ts'

const disk = (target: string, more: object = {}) => ({
  ...{ target, device: 'disk', source: `/pool/${target}`, readOnly: false, shareable: false },
  ...more,
})

test('the first disk is the first by target, wherever it stands in the definition', () => {
  expect(firstDiskOf([disk('vdb'), disk('vda')])?.target).toBe('vda')
  expect(firstDiskOf([disk('vdaa'), disk('vdz')])?.target).toBe('vdz')
})

test('discs, images, shared and empty ones are none of its own', () => {
  const others = [
    disk('hda', { device: 'cdrom' }),
    disk('sda', { readOnly: true }),
    disk('sdb', { shareable: true }),
    disk('sdc', { source: null }),
  ]
  expect(firstDiskOf([...others, disk('vda')])?.target).toBe('vda')
  expect(firstDiskOf(others)).toBeUndefined()
})
