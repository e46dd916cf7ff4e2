import { expect, test } from 'vitest'
import { poolWithRoom } from './pool-choice.ts'

const pool = (name: string, availableBytes: number, active = true) => ({ name, availableBytes, active })
const chosen = (pools: ReturnType<typeof pool>[], imagePools: string[] = ['templates']) =>
  poolWithRoom(pools, 10, imagePools)?.name

test('new disks go to the pool named default, also when images are in it', () => {
  expect(chosen([pool('nas', 99), pool('default', 10)])).toBe('default')
  expect(chosen([pool('nas', 99), pool('default', 10)], ['default'])).toBe('default')
})

test('else to the one with the most room, those of images last', () => {
  expect(chosen([pool('default', 9), pool('small', 20), pool('nas', 30), pool('templates', 99)])).toBe('nas')
  expect(chosen([pool('default', 9), pool('templates', 99)])).toBe('templates')
})

test('never to one that is not active or has no room', () => {
  expect(chosen([pool('default', 99, false), pool('nas', 9)])).toBeUndefined()
})
