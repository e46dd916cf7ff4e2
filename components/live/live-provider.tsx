'use client'

import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { ArrivalProvider, useAfterArrival } from '#components/trpc/page-arrival.tsx'
import type { LiveBatch } from '#server/schema/live.ts'
import type { LiveStatus } from './live-status.ts'
import { patchVmHeads, patchVmLists } from './patch-vms.ts'
import { Rereads } from './rereads.ts'
import { SharedStream } from './shared-stream.tsx'

const LiveContext = createContext<LiveStatus>('connecting')

/** Whether what is on the screen is kept up to date at this moment. */
export const useLiveStatus = () => useContext(LiveContext)

/** Load moves meters only. */
const loadRereadMs = 10_000
/** Each host is judged anew, for which a person has so many a minute. */
const destinationRereadMs = 2_000

/** Keeps every query below in step with the fleet: one stream, rows patched where they stand. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [rereads] = useState(() => new Rereads(client))
  useEffect(() => () => rereads.stop(), [rereads])
  const [status, setStatus] = useState<LiveStatus>('connecting')
  function apply(batch: LiveBatch) {
    if (batch.reset) return rereads.everything()
    const ofVm = [trpc.vm.get, trpc.vm.events, trpc.snapshot.list, trpc.backup.list, trpc.archive.points]
    rereads.each(patchVmLists(client, trpc.vm.list.pathKey(), batch))
    patchVmHeads(client, trpc.vm.get.pathKey(), batch.vms)
    rereads.about(
      ofVm.map((procedure) => procedure.pathKey()),
      [...batch.vms.map(({ id }) => id), ...batch.removedVmIds],
    )
    rereads.about([trpc.host.get.pathKey()], batch.changedHostIds)
    if (batch.changedHostIds.length > 0) {
      rereads.below(trpc.fleet.places.queryKey(), loadRereadMs)
      rereads.below(trpc.site.capacity.queryKey(), loadRereadMs)
    }
    if (batch.vms.length + batch.removedVmIds.length > 0) {
      rereads.below(trpc.vm.counts.queryKey())
      rereads.below(trpc.protection.pathKey())
      rereads.below(trpc.recoveryPoint.vms.queryKey())
    }
    if (batch.operations.length > 0) {
      rereads.below(trpc.operation.pathKey(), 250)
      rereads.below(trpc.tenant.pathKey())
      rereads.below(trpc.archive.get.queryKey(), 250)
      rereads.below(trpc.archiveStore.pathKey(), 250)
      rereads.below(trpc.recoveryPoint.list.pathKey())
    }
    if (batch.datastores) {
      rereads.below(trpc.datastore.pathKey(), 250)
      rereads.below(trpc.archiveStore.pathKey(), 250)
    }
    if (batch.load || batch.vms.length > 0) rereads.below(trpc.vm.list.infiniteQueryKey(), loadRereadMs)
    const counted = [trpc.fleet, trpc.host, trpc.site, trpc.tenant]
    // VMs are sorted and filtered by the names of their places, and sent to those that take some.
    const placed = [trpc.network, trpc.storage, trpc.template, trpc.vm.list]
    const destinations = [trpc.vm.migratePreview, trpc.recoveryPoint.places]
    if (batch.counts || batch.places) for (const noun of counted) rereads.below(noun.pathKey())
    if (batch.places) for (const noun of placed) rereads.below(noun.pathKey())
    if (batch.places) for (const procedure of destinations) rereads.below(procedure.pathKey(), destinationRereadMs)
  }

  const { arrive, receive } = useAfterArrival(apply)
  return (
    <LiveContext value={status}>
      <SharedStream onBatch={(batch) => receive(JSON.parse(batch) as LiveBatch)} onStatus={setStatus} />
      <ArrivalProvider value={arrive}>{children}</ArrivalProvider>
    </LiveContext>
  )
}
