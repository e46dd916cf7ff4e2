import { expect, test } from 'vitest'
import type { VmRow } from '#server/schema/vm.ts'
import { moreOf, nodeTerm, unreadOf, vmNodes } from './fleet-tree-leaves.ts'

const rows = ['a', 'b'].map((id) => ({ id, name: `vm-${id}`, state: 'running', operation: null })) as VmRow[]
const labels = (...given: Parameters<typeof vmNodes>) => vmNodes(...given).map(({ label }) => label)
const parent = 'host:oslo-1'

test('an open node says that it is being read, that it could not be, or how many it leaves out', () => {
  expect(labels(parent, undefined, 2)).toEqual([])
  expect(labels(parent, { rows: undefined, hasMore: false, isFailed: false }, 2)).toEqual(['Reading…'])
  expect(labels(parent, { rows: undefined, hasMore: false, isFailed: true }, 2)).toEqual([
    'Could not be read: try again',
  ])
  expect(labels(parent, { rows, hasMore: false, isFailed: false }, 2)).toEqual(['vm-a', 'vm-b'])
  expect(labels(parent, { rows, hasMore: true, isFailed: false }, 1_236)).toEqual([
    'vm-a',
    'vm-b',
    '1,234 more: see the table',
  ])
  // What was read before stays when it can't be read again.
  expect(labels(parent, { rows, hasMore: false, isFailed: true }, 2)).toEqual(['vm-a', 'vm-b'])
})

test('such lines lead to their node, and are no place themselves', () => {
  const [unread] = vmNodes(parent, { rows: undefined, hasMore: false, isFailed: true }, 2)
  const more = vmNodes(parent, { rows, hasMore: true, isFailed: false }, 9).at(-1)
  expect(unreadOf(unread?.id ?? '')).toBe(parent)
  expect(moreOf(more?.id ?? '')).toBe(parent)
  for (const id of [unread?.id, more?.id, 'vm:a', 'kind:edge']) expect(nodeTerm(id ?? '')).toBeNull()
  expect(nodeTerm(parent)).toEqual({ key: 'host', value: 'oslo-1' })
})
