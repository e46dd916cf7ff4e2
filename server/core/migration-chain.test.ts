import { expect, test } from 'vitest'
import { followChain, poolByFolder } from './migration-chain.ts'

const file = (path: string, backingPath: string | null, backingFormat: string | null = 'qcow2') => ({
  ...{ path, backingPath, backingFormat, format: 'qcow2', poolName: 'default', volumeName: path.slice(1) },
  ...{ capacityBytes: 10, allocationBytes: 1 },
})
const known = [file('/top', '/middle'), file('/middle', '/base'), file('/base', null), file('/side', '/base')]
const follow = (paths: string[], files = known) =>
  followChain(
    paths.map((path) => ({ path, format: null })),
    (path) => files.find((each) => each.path === path) ?? null,
  )

test('every file once, nearest first', async () => {
  expect((await follow(['/top', '/side'])).map(({ path }) => path)).toEqual(['/top', '/side', '/middle', '/base'])
})

test('of what is not known its path is told, and a circle ends', async () => {
  expect(await follow(['/top'], [file('/top', '/gone')])).toMatchObject([{}, { path: '/gone', poolName: null }])
  expect(await follow(['/x'], [file('/x', '/y'), file('/y', '/x')])).toHaveLength(2)
})

test('what a guest wrote into a raw file leads nowhere, though it looks like a qcow2 that stands on another', async () => {
  const crafted = [file('/top', '/raw', 'raw'), file('/raw', '/secret'), file('/secret', null)]
  expect(await follow(['/top'], crafted)).toMatchObject([{}, { path: '/raw', format: 'raw', backingPath: null }])
})

test('a file’s folder tells its pool', () => {
  const pools = [
    { name: 'none', path: null },
    { name: 'default', path: '/images' },
  ]
  expect(poolByFolder(pools, '/images/web.s1')?.name).toBe('default')
  expect(poolByFolder(pools, '/images/deeper/web.s1')).toBeUndefined()
})
