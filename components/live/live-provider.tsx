'use client'

import { type InfiniteData, type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useSubscription } from '@trpc/tanstack-react-query'
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import type { LiveBatch } from '#server/schema/live.ts'
import type { VmPage } from '#server/schema/vm.ts'

export type LiveStatus = 'live' | 'connecting' | 'lost'

const LiveContext = createContext<LiveStatus>('connecting')

/** Whether what is on the screen is kept up to date at this moment. */
export const useLiveStatus = () => useContext(LiveContext)

/** Lists whose order or membership may have changed are read again at most this often. */
const rereadMs = 2_000

/** Keeps every query below in step with the fleet: one stream, rows patched where they stand. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const reread = useReread(client)
  const [status, setStatus] = useState<LiveStatus>('connecting')
  useSubscription(
    trpc.live.changes.subscriptionOptions(undefined, {
      onStarted: () => setStatus('live'),
      onData: (text) => {
        setStatus('live')
        apply(JSON.parse(text) as LiveBatch)
      },
      onError: () => setStatus('lost'),
      onConnectionStateChange: (state) => setStatus(state.state === 'pending' ? 'live' : 'connecting'),
    }),
  )

  function apply(batch: LiveBatch) {
    if (batch.reset) {
      void client.invalidateQueries()
      return
    }
    patchVmLists(client, trpc.vm.list.infiniteQueryKey(), batch)
    for (const vm of batch.vms) {
      void client.invalidateQueries({ queryKey: trpc.vm.get.queryKey({ id: vm.id }) })
      void client.invalidateQueries({ queryKey: trpc.vm.events.queryKey({ id: vm.id }) })
    }
    for (const id of batch.changedHostIds) void client.invalidateQueries({ queryKey: trpc.host.get.queryKey({ id }) })
    if (batch.vms.length + batch.removedVmIds.length > 0) {
      reread(trpc.vm.list.infiniteQueryKey())
      reread(trpc.vm.counts.queryKey())
    }
    if (batch.operations.length > 0) {
      reread(trpc.operation.pathKey(), 250)
      reread(trpc.tenant.pathKey())
    }
    if (batch.places) {
      const nouns = [trpc.fleet, trpc.host, trpc.site, trpc.tenant, trpc.network, trpc.storage, trpc.template]
      for (const noun of nouns) reread(noun.pathKey())
    }
  }

  return <LiveContext value={status}>{children}</LiveContext>
}

/** Puts the new rows in the place of the old in every loaded page. New rows come with the next reread. */
function patchVmLists(client: QueryClient, key: readonly unknown[], batch: LiveBatch) {
  const changed = new Map(batch.vms.map((vm) => [vm.id, vm]))
  const removed = new Set(batch.removedVmIds)
  if (changed.size + removed.size === 0) return
  client.setQueriesData<InfiniteData<VmPage>>({ queryKey: key }, (data) => {
    if (!data) return data
    let touched = false
    const pages = data.pages.map((page) => {
      if (!page.rows.some((row) => changed.has(row.id) || removed.has(row.id))) return page
      touched = true
      return { ...page, rows: page.rows.filter((row) => !removed.has(row.id)).map((row) => changed.get(row.id) ?? row) }
    })
    return touched ? { ...data, pages } : data
  })
}

/** Invalidates a key soon, once for many requests. */
function useReread(client: QueryClient) {
  const timers = useRef(new Map<string, ReturnType<typeof setTimeout>>())
  useEffect(() => {
    const running = timers.current
    return () => {
      for (const timer of running.values()) clearTimeout(timer)
      running.clear()
    }
  }, [])
  return useMemo(
    () =>
      (queryKey: readonly unknown[], afterMs = rereadMs) => {
        const name = JSON.stringify(queryKey)
        if (timers.current.has(name)) return
        timers.current.set(
          name,
          setTimeout(() => {
            timers.current.delete(name)
            void client.invalidateQueries({ queryKey })
          }, afterMs),
        )
      },
    [client],
  )
}
