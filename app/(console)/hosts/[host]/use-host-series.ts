'use client'

import { useEffect, useState } from 'react'
import type { Host } from './use-host.ts'

/** Half an hour of one reading every five seconds. */
const kept = 360

interface Point {
  atSeconds: number
  cpuUsage: number | null
  memoryUsedBytes: number
}

/** CPU and memory of a host since the page opened, one point each time it was read. */
export function useHostSeries(host: Host, readAtMs: number) {
  const [points, setPoints] = useState<Point[]>([])
  const isKnown = host.state === 'connected'
  const cpuUsage = host.cpuUsage
  const memoryUsedBytes = Number(host.memoryBytes - host.memoryFreeBytes)
  useEffect(() => {
    if (!isKnown) return
    const point = { atSeconds: readAtMs / 1000, cpuUsage, memoryUsedBytes }
    setPoints((before) => {
      const latest = before.at(-1)
      return latest && latest.atSeconds >= point.atSeconds ? before : [...before, point].slice(-kept)
    })
  }, [isKnown, readAtMs, cpuUsage, memoryUsedBytes])
  return points
}
