import type { InfiniteData, QueryClient, QueryKey } from '@tanstack/react-query'
import type { Outputs } from '#components/trpc/client.tsx'
import type { LiveBatch } from '#server/schema/live.ts'
import type { VmPage, VmRow } from '#server/schema/vm.ts'
import { isAbout } from './read-again.ts'

/** Puts the new rows in the place of the old wherever they are loaded. New rows come with the next reading. */
export function patchVmPages(client: QueryClient, longKey: QueryKey, pageKey: QueryKey, batch: LiveBatch) {
  const changed = new Map(batch.vms.map((vm) => [vm.id, vm]))
  const removed = new Set(batch.removedVmIds)
  if (changed.size + removed.size === 0) return
  const patch = (page: VmPage): VmPage => {
    if (!page.rows.some((row) => changed.has(row.id) || removed.has(row.id))) return page
    return { ...page, rows: page.rows.filter((row) => !removed.has(row.id)).map((row) => changed.get(row.id) ?? row) }
  }
  client.setQueriesData<VmPage>({ queryKey: pageKey }, (page) => page && patch(page))
  client.setQueriesData<InfiniteData<VmPage>>({ queryKey: longKey }, (data) => {
    const pages = data?.pages.map(patch)
    return data && pages?.some((page, index) => page !== data.pages[index]) ? { ...data, pages } : data
  })
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
