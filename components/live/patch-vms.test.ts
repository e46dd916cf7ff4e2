import { type InfiniteData, QueryClient, QueryObserver } from '@tanstack/react-query'
import { afterEach, expect, test } from 'vitest'
import type { LiveBatch } from '#server/schema/live.ts'
import type { VmPage, VmRow } from '#server/schema/vm.ts'
import { mayMove } from './list-place.ts'
import { patchVmLists } from './patch-vms.ts'

const vm = (id: string, change: Partial<VmRow> = {}) =>
  ({ id, name: `vm-${id}`, state: 'running', hostId: 'oslo-1', ...change }) as VmRow
const batch = (vms: VmRow[], removedVmIds: string[] = []) => ({ vms, removedVmIds }) as unknown as LiveBatch
const listKey = [['vm', 'list']]
const longKey = [['vm', 'list'], { input: { filter: '', sort: { key: 'name', descending: false } }, type: 'infinite' }]

const client = new QueryClient()
afterEach(() => client.clear())

/** Two pages of a list that somebody looks at. */
function shownList() {
  const page = (ids: string): VmPage => ({ rows: [...ids].map((id) => vm(id)), nextCursor: null })
  client.setQueryData<InfiniteData<VmPage>>(longKey, { pages: [page('ab'), page('cd')], pageParams: [null, 'b'] })
  new QueryObserver(client, { queryKey: longKey, staleTime: Infinity }).subscribe(() => undefined)
  return () => client.getQueryData<InfiniteData<VmPage>>(longKey)?.pages ?? []
}

test('a changed row is put in its place; only its page is another object, and nothing need be read', () => {
  const pages = shownList()
  const before = pages()
  expect(patchVmLists(client, listKey, batch([vm('c', { state: 'paused' })], ['d']))).toEqual([])
  expect(pages()[0]).toBe(before[0])
  expect(pages()[1]?.rows).toEqual([vm('c', { state: 'paused' })])
})

test('what may have come, or be elsewhere in the order, is a reason to read', () => {
  const pages = shownList()
  expect(patchVmLists(client, listKey, batch([vm('x')]))).toEqual([longKey])
  expect(patchVmLists(client, listKey, batch([vm('a', { name: 'zebra' })]))).toEqual([longKey])
  expect(pages()[0]?.rows[0]?.name).toBe('zebra')
})

test('a list that could not be read again is put right by reading it, not by a changed row alone', async () => {
  const pages = shownList()
  const queryFn = () => Promise.reject(new Error('no line'))
  await client.fetchQuery({ queryKey: longKey, queryFn, staleTime: 0 }).catch(() => undefined)
  expect(client.getQueryState(longKey)?.status).toBe('error')
  expect(patchVmLists(client, listKey, batch([vm('a', { state: 'paused' })]))).toEqual([longKey])
  expect(pages()[0]?.rows[0]?.state).toBe('paused')
})

test('a filtered list is read again at every change, since any VM may match now or no longer', () => {
  const filteredKey = [['vm', 'list'], { input: { filter: 'state:running' }, type: 'query' }]
  client.setQueryData<VmPage>(filteredKey, { rows: [vm('a')], nextCursor: null })
  new QueryObserver(client, { queryKey: filteredKey, staleTime: Infinity }).subscribe(() => undefined)
  expect(patchVmLists(client, listKey, batch([vm('a', { state: 'off' })]))).toEqual([filteredKey])
  expect(patchVmLists(client, listKey, batch([], ['a']))).toEqual([])
  expect(client.getQueryData<VmPage>(filteredKey)?.rows).toEqual([])
})

test('a list that nobody looks at is left as it was, to be read', () => {
  client.setQueryData(longKey, { pages: [{ rows: [vm('a')], nextCursor: null }], pageParams: [null] })
  const before = client.getQueryData(longKey)
  expect(patchVmLists(client, listKey, batch([vm('a', { state: 'off' })]))).toEqual([longKey])
  expect(client.getQueryData(longKey)).toBe(before)
})

test('a VM moves in a list by what the list is sorted by', () => {
  const sorted = (key: 'name' | 'host' | 'cpu') => ({ sort: { key, descending: false } })
  expect(mayMove({}, vm('a'), vm('a', { hostId: 'oslo-2' }))).toBe(false)
  expect(mayMove(sorted('host'), vm('a'), vm('a', { hostId: 'oslo-2' }))).toBe(true)
  expect(mayMove(sorted('host'), vm('a'), vm('a', { state: 'off' }))).toBe(false)
  expect(mayMove(sorted('cpu'), vm('a'), vm('a'))).toBe(true)
  expect(mayMove({}, undefined, vm('a'))).toBe(true)
})
