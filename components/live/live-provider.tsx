'use client'

import { type InfiniteData, type QueryClient, type QueryKey, useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { ArrivalProvider, useAfterArrival } from '#components/trpc/page-arrival.tsx'
import type { LiveBatch } from '#server/schema/live.ts'
import type { VmPage } from '#server/schema/vm.ts'
import { type LiveStatus, SharedStream } from './shared-stream.tsx'
import { useReread } from './use-reread.ts'

const LiveContext = createContext<LiveStatus>('connecting')

/** Whether what is on the screen is kept up to date at this moment. */
export const useLiveStatus = () => useContext(LiveContext)

/** What hosts say of their load moves meters only. */
const loadRereadMs = 10_000

/** Keeps every query below in step with the fleet: one stream, rows patched where they stand. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const reread = useReread(client)
  const [status, setStatus] = useState<LiveStatus>('connecting')
  function apply(batch: LiveBatch) {
    if (batch.reset) {
      void client.invalidateQueries()
      return
    }
    patchVmPages(client, trpc.vm.list.infiniteQueryKey(), trpc.vm.list.queryKey(), batch)
    for (const vm of batch.vms) {
      // What its page shows first does not wait for the page's own reading.
      client.setQueryData(trpc.vm.get.queryKey({ id: vm.id }), (shown) => {
        const { state, stateReason, operation } = vm
        return shown && { ...shown, state, stateReason, operation, stateSince: new Date(vm.stateSince) }
      })
      void client.invalidateQueries({ queryKey: trpc.vm.get.queryKey({ id: vm.id }) })
      void client.invalidateQueries({ queryKey: trpc.vm.events.infiniteQueryKey({ id: vm.id }) })
      void client.invalidateQueries({ queryKey: trpc.snapshot.list.queryKey({ vmId: vm.id }) })
      void client.invalidateQueries({ queryKey: trpc.backup.list.queryKey({ vmId: vm.id }) })
      void client.invalidateQueries({ queryKey: trpc.archive.points.queryKey({ vmId: vm.id }) })
    }
    for (const id of batch.changedHostIds) void client.invalidateQueries({ queryKey: trpc.host.get.queryKey({ id }) })
    if (batch.changedHostIds.length > 0) reread(trpc.fleet.places.queryKey(), loadRereadMs)
    if (batch.vms.length + batch.removedVmIds.length > 0) {
      reread(trpc.vm.list.pathKey())
      reread(trpc.vm.counts.queryKey())
      reread(trpc.protection.pathKey())
      reread(trpc.recoveryPoint.vms.queryKey())
    }
    if (batch.operations.length > 0) {
      reread(trpc.operation.pathKey(), 250)
      reread(trpc.tenant.pathKey())
      reread(trpc.archive.get.queryKey(), 250)
      reread(trpc.archiveStore.list.queryKey())
      reread(trpc.recoveryPoint.list.pathKey())
    }
    if (batch.datastores) reread(trpc.datastore.pathKey(), 250)
    if (batch.counts) {
      for (const noun of [trpc.fleet, trpc.host, trpc.site, trpc.tenant]) reread(noun.pathKey())
    }
    if (batch.places) {
      const nouns = [trpc.fleet, trpc.host, trpc.site, trpc.tenant, trpc.network, trpc.storage, trpc.template]
      for (const noun of nouns) reread(noun.pathKey())
    }
  }

  const { arrive, receive } = useAfterArrival(apply)
  return (
    <LiveContext value={status}>
      <SharedStream onBatch={(batch) => receive(JSON.parse(batch) as LiveBatch)} onStatus={setStatus} />
      <ArrivalProvider value={arrive}>{children}</ArrivalProvider>
    </LiveContext>
  )
}

/** Puts the new rows in the place of the old wherever they are loaded. New rows come with the next reread. */
function patchVmPages(client: QueryClient, longKey: QueryKey, pageKey: QueryKey, batch: LiveBatch) {
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
