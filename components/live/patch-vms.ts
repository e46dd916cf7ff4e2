import type { InfiniteData, Query, QueryClient, QueryKey } from '@tanstack/react-query'
import type { Outputs } from '#components/trpc/client.tsx'
import type { LiveBatch } from '#server/schema/live.ts'
import type { VmPage, VmRow } from '#server/schema/vm.ts'
import { type ListInput, mayMove } from './list-place.ts'
import { isAbout } from './read-again.ts'

type Lists = VmPage | InfiniteData<VmPage>

const pagesOf = (list: Lists): readonly VmPage[] => ('pages' in list ? list.pages : [list])

/**
 * Puts the new rows in the place of the old in all lists that are in use.
 * @returns the lists that must be read again, since rows may have come into them or changed their places
 */
export function patchVmLists(client: QueryClient, listKey: QueryKey, batch: LiveBatch): QueryKey[] {
  const changed = new Map(batch.vms.map((vm) => [vm.id, vm]))
  const removed = new Set(batch.removedVmIds)
  if (changed.size + removed.size === 0) return []
  const patch = (page: VmPage): VmPage => {
    if (!page.rows.some((row) => changed.has(row.id) || removed.has(row.id))) return page
    return { ...page, rows: page.rows.filter((row) => !removed.has(row.id)).map((row) => changed.get(row.id) ?? row) }
  }
  const stale: QueryKey[] = []
  for (const query of client.getQueryCache().findAll({ queryKey: listKey }) as unknown as Query<Lists>[]) {
    const { data, fetchStatus, isInvalidated } = query.state
    // What is under way was maybe read before; what nobody looks at is read when somebody does. What could not be read
    // again passes for read once it is patched, so it is read now.
    const isAtRest = data !== undefined && fetchStatus === 'idle' && !isInvalidated && query.isActive()
    if (!isAtRest || mustBeRead(query.queryKey, data, changed)) stale.push(query.queryKey)
    if (data === undefined || !query.isActive()) continue
    const before = pagesOf(data)
    const pages = before.map(patch)
    if (pages.every((page, index) => page === before[index])) continue
    client.setQueryData<Lists>(query.queryKey, 'pages' in data ? { ...data, pages } : pages[0])
  }
  return stale
}

function mustBeRead([, asked]: QueryKey, list: Lists, changed: ReadonlyMap<string, VmRow>): boolean {
  const input = (asked as { input?: ListInput } | undefined)?.input ?? {}
  if (input.filter) return changed.size > 0
  const before = new Map<string, VmRow>()
  for (const page of pagesOf(list)) for (const row of page.rows) if (changed.has(row.id)) before.set(row.id, row)
  return [...changed.values()].some((vm) => mayMove(input, before.get(vm.id), vm))
}

/** What a VM's page shows first does not wait for the page's own reading. */
export function patchVmHeads(client: QueryClient, getKey: QueryKey, vms: readonly VmRow[]) {
  const changed = new Map(vms.map((vm) => [vm.id, vm]))
  const predicate = isAbout([getKey], new Set(changed.keys()))
  client.setQueriesData<Outputs['vm']['get']>({ predicate }, (shown) => {
    const vm = shown && changed.get(shown.id)
    if (!vm) return shown
    const { state, stateReason, operation } = vm
    return { ...shown, state, stateReason, operation, stateSince: new Date(vm.stateSince) }
  })
}
