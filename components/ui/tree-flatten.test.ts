import { expect, test } from 'vitest'
import { findByPrefix, flattenTree, nearestOf, type TreeNode, trailOf } from './tree-flatten.ts'

const tree: TreeNode[] = [
  {
    id: 'oslo',
    label: 'Oslo',
    children: [
      {
        id: 'osl-1',
        label: 'osl-1',
        children: [
          { id: 'web', label: 'web-01' },
          { id: 'db', label: 'db-01' },
        ],
      },
      { id: 'osl-2', label: 'osl-2', children: [] },
    ],
  },
  { id: 'pier', label: 'Pier' },
]

test('only what is open is listed, with its level and place', () => {
  expect(flattenTree(tree, new Set()).map(({ node }) => node.id)).toEqual(['oslo', 'pier'])
  const flat = flattenTree(tree, new Set(['oslo', 'osl-1']))
  expect(flat.map(({ node, level }) => `${level} ${node.id}`)).toEqual([
    '1 oslo',
    '2 osl-1',
    '3 web',
    '3 db',
    '2 osl-2',
    '1 pier',
  ])
  expect(flat[3]).toMatchObject({ position: 2, siblingCount: 2, parentIndex: 1 })
  expect(flat[0]?.parentIndex).toBe(-1)
})

test('an open child of a closed parent stays hidden', () => {
  expect(flattenTree(tree, new Set(['osl-1']))).toHaveLength(2)
})

test('typed letters find the next match and wrap', () => {
  const flat = flattenTree(tree, new Set(['oslo', 'osl-1']))
  expect(findByPrefix(flat, 0, 'o')).toBe(1)
  expect(findByPrefix(flat, 4, 'o')).toBe(0)
  expect(findByPrefix(flat, 1, 'os')).toBe(1)
  expect(findByPrefix(flat, 0, 'x')).toBe(-1)
  expect(findByPrefix([], -1, 'x')).toBe(-1)
})

test('what a gone node stood in takes its place', () => {
  const open = new Set(['oslo', 'osl-1'])
  const trail = trailOf(flattenTree(tree, open), 3)
  expect(trail).toEqual(['db', 'osl-1', 'oslo'])
  expect(nearestOf(flattenTree(tree, open), trail)).toBe(3)
  expect(nearestOf(flattenTree(tree, new Set(['oslo'])), trail)).toBe(1)
  expect(nearestOf(flattenTree(tree, new Set()), trail)).toBe(0)
  expect(nearestOf(flattenTree([], open), trail)).toBe(-1)
})
