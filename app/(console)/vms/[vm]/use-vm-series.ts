'use client'

import { useSubscription } from '@trpc/tanstack-react-query'
import { useMemo, useState } from 'react'
import { usePageVisible } from '#components/live/use-page-visible.ts'
import { useTRPC } from '#components/trpc/client.tsx'
import type { LiveStat } from '#server/schema/live.ts'
import type { Vm } from './use-vm.ts'

/** Readings kept in the page: half an hour of one every five seconds. */
const kept = 360

type Point = Omit<LiveStat, 'vmId' | 'at'> & { atSeconds: number }

/** What was measured before the page opened: the database keeps the sums of both directions only. */
function recorded(vm: Vm) {
  const stat = vm.stat
  if (!stat) return []
  const end = stat.at.getTime() / 1000
  return stat.cpuSeries.map((cpuUsage, index) => ({
    atSeconds: end - (stat.cpuSeries.length - 1 - index) * stat.intervalSeconds,
    cpuUsage,
    memoryUsedBytes: stat.memorySeries[index] ?? null,
    disk: stat.diskSeries[index] ?? null,
    network: stat.networkSeries[index] ?? null,
  }))
}

/** CPU, memory, disk and network of a VM over the last minutes, going on as readings come. */
export function useVmSeries(vm: Vm) {
  const trpc = useTRPC()
  const isVisible = usePageVisible()
  const [points, setPoints] = useState<Point[]>([])
  useSubscription(
    trpc.live.stats.subscriptionOptions(
      { vmIds: [vm.id] },
      {
        enabled: isVisible,
        onData: (text) => {
          const added = (JSON.parse(text) as LiveStat[]).map(({ vmId: _, at, ...stat }) => ({
            ...stat,
            atSeconds: new Date(at).getTime() / 1000,
          }))
          setPoints((before) => [...before, ...added].slice(-kept))
        },
      },
    ),
  )
  const first = useMemo(() => recorded(vm), [vm])
  return useMemo(() => {
    const begin = points[0]?.atSeconds ?? Number.POSITIVE_INFINITY
    const earlier = first.filter((point) => point.atSeconds < begin - 1)
    return {
      timesSeconds: [...earlier, ...points].map((point) => point.atSeconds),
      cpu: [...earlier, ...points].map((point) => point.cpuUsage),
      memory: [...earlier, ...points].map((point) => point.memoryUsedBytes),
      disk: [
        ...earlier.map((point) => point.disk),
        ...points.map((point) => point.diskReadBytesPerSecond + point.diskWriteBytesPerSecond),
      ],
      network: [
        ...earlier.map((point) => point.network),
        ...points.map((point) => point.networkReceiveBitsPerSecond + point.networkTransmitBitsPerSecond),
      ],
    }
  }, [first, points])
}
