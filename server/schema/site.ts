import { z } from 'zod'

export const SiteId = z.uuid()

export const SiteInput = z.object({
  name: z.string().trim().min(1).max(80),
  kind: z.enum(['region', 'edge', 'emulated_edge']),
  place: z.string().trim().max(120).nullish(),
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
})
export type SiteInput = z.infer<typeof SiteInput>

/** What a site has and what is promised of it. Memory in bytes, CPU use in whole CPUs. */
export interface SiteCapacity {
  siteId: string
  cpus: number
  /** Of hosts that answer */
  cpusUsed: number
  /** Since when the last of the hosts whose CPU is full has been so */
  cpuFullSince: Date | null
  vcpusPromised: number
  memoryBytes: number
  memoryUsedBytes: number
  memoryPromisedBytes: number
}
